// Tests of a program for the SIM800, without a SIM800: `node --test`.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Emulator } from './emulator.mjs';
import { Modem } from './modem.mjs';

// Runs `check` with a module that has `knobs`, and a program that uses it.
function withModule(name, knobs, check) {
  test(name, { timeout: 20_000 }, async () => {
    const module = await Emulator.start({ latency: 'none', echo: 'off', ...knobs });
    const modem = new Modem(module.port);
    try {
      await check(modem, module);
    } finally {
      modem.close();
      assert.equal(await module.stop(), 0);
    }
  });
}

withModule('tells the signal', { signal: 7 }, async (modem, module) => {
  assert.equal(await modem.command('AT+CSQ'), '\r\n+CSQ: 7,0\r\n\r\nOK\r\n');
  await module.ask({ set: { signal: '3,1' } });
  assert.match(await modem.command('AT+CSQ'), /\+CSQ: 3,1/);
  const { seen } = await module.ask({ seen: {} });
  assert.deepEqual(seen.map(({ line }) => line), ['AT+CSQ', 'AT+CSQ']);
});

withModule('unlocks the card', { sim: 'pin', pin: 1234 }, async (modem) => {
  assert.match(await modem.command('AT+CPIN?'), /SIM PIN/);
  await modem.command('AT+CPIN=1234', /SMS Ready\r\n/);
});

withModule('hears what nobody asked for', {}, async (modem, module) => {
  // An answer proves that the line is up. A module that rings before is heard by nobody.
  await modem.command('AT');
  await module.ask({ inject: 'RING' });
  await modem.hear(/RING\r\n/);
  await assert.rejects(module.ask({ set: { sim: 'broken' } }), /sim: unknown variant/);
});
