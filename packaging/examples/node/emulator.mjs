// An emulated module for tests: `sim800 emulate`, and its control channel.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export class Emulator {
  // `knobs` are options of `sim800 emulate`: { signal: 7, sim: 'none' }.
  static async start(knobs = {}) {
    const options = Object.entries(knobs).map(([name, value]) => `--${name}=${value}`);
    const places = ['--tcp', '127.0.0.1:0', '--control', 'tcp:127.0.0.1:0'];
    const program = spawn(process.env.SIM800 ?? 'sim800', ['--json', 'emulate', ...places, ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const told = JSON.parse(await firstLine(program.stdout));
    if (!told.ok) throw new Error(told.error.message);
    return new Emulator(program, told);
  }

  #program;
  #channel;
  #answers = [];

  constructor(program, told) {
    this.#program = program;
    this.port = told.port;
    const { hostname, port } = new URL(told.control.replace('tcp:', 'tcp://'));
    this.#channel = connect(Number(port), hostname);
    createInterface(this.#channel).on('line', (line) => this.#answers.shift()(JSON.parse(line)));
  }

  // One request of the control channel, such as { set: { signal: 3 } }.
  async ask(request) {
    const answer = new Promise((resolve) => this.#answers.push(resolve));
    this.#channel.write(`${JSON.stringify(request)}\n`);
    const { ok, ...told } = await answer;
    if (!ok) throw new Error(told.error);
    return told;
  }

  async stop() {
    this.#channel.destroy();
    const ended = new Promise((resolve) => this.#program.once('exit', resolve));
    this.#program.kill('SIGTERM');
    return ended;
  }
}

function firstLine(stream) {
  return new Promise((resolve, reject) => {
    const reader = createInterface(stream);
    reader.once('line', resolve).once('close', () => reject(new Error('sim800 emulate did not start')));
  });
}
