// A program that talks to a SIM800 behind a TCP port, as terminal servers offer one.
import { connect } from 'node:net';

// How long the module may take, in milliseconds.
const PATIENCE = 5_000;

export class Modem {
  #line;
  #heard = '';
  #wake = () => {};

  constructor(port) {
    const { hostname, port: number } = new URL(port);
    this.#line = connect(Number(number), hostname);
    this.#line.setEncoding('latin1').on('data', (text) => {
      this.#heard += text;
      this.#wake();
    });
  }

  close() {
    this.#line.destroy();
  }

  // Sends a command line; what comes up to `end`.
  async command(text, end = /\r\n(OK|ERROR)\r\n/) {
    this.#line.write(`${text}\r`, 'latin1');
    return this.hear(end);
  }

  async hear(end) {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const found = end.exec(this.#heard);
      if (found) {
        const heard = this.#heard.slice(0, found.index + found[0].length);
        this.#heard = this.#heard.slice(heard.length);
        return heard;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`no ${end} in ${JSON.stringify(this.#heard)}`);
      await new Promise((wake) => {
        const timer = setTimeout(wake, left);
        this.#wake = () => {
          clearTimeout(timer);
          wake();
        };
      });
    }
  }
}
