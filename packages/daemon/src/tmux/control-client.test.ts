import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttachGate } from './attach-gate.ts';
import { ControlClient } from './control-client.ts';

let temp: TempDir;
let gate: AttachGate;

beforeEach(async () => {
  temp = await makeTempDir();
  gate = new AttachGate();
});
afterEach(() => temp[Symbol.asyncDispose]());

/** A client of a tmux that does what the script says. */
async function attach(script: string | null): Promise<ControlClient> {
  const program = join(temp.path, 'tmux');
  if (script !== null) {
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
  }
  const env = { PATH: `${temp.path}:/usr/bin:/bin` };
  return new ControlClient({
    args: [],
    env: script === null ? { PATH: temp.path } : env,
    gate,
    attachDeadlineMs: 2_000,
    onEvent: () => undefined,
  });
}

/** Whether a change is let in at once; it stays in. */
function isChangeLetIn(): boolean {
  let isIn = false;
  gate.enter('change', () => {
    isIn = true;
  });
  return isIn;
}

/** Waits until the client has left the gate. */
async function throughGreeting(): Promise<void> {
  await new Promise<void>((resolve) => gate.enter('change', resolve));
  gate.leave('change');
}

/** Waits until nobody is in the gate, and looks that nobody has left it twice. */
async function expectFree(): Promise<void> {
  let isAttaching = false;
  gate.enter('attach', () => {
    isAttaching = true;
  });
  await waitFor('the gate to be free', () => isAttaching);
  expect(isChangeLetIn()).toBe(false);
  gate.leave('attach');
  let second = false;
  gate.enter('attach', () => {
    second = true;
  });
  expect(second).toBe(false);
  gate.leave('change');
  expect(second).toBe(true);
}

const greeting = "printf '%%session-changed $1 name\\n'";

describe('a client', () => {
  it('that never gets through its greeting is killed, and keeps nobody out for longer', async () => {
    const client = await attach('exec sleep 1000');
    const { pid = 0 } = client;
    expect(pid).toBeGreaterThan(0);
    expect(isChangeLetIn()).toBe(false);
    const line = client.run('display-message -p x');
    await expect(line).rejects.toMatchObject({ code: 'tmux_failed' });
    await client.closed;
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    gate.leave('change');
    await expectFree();
  });

  it('that cannot be run is over at once, and leaves the gate once', async () => {
    const client = await attach(null);
    await client.closed;
    await expect(client.run('x')).rejects.toThrow(/lost/);
    await expectFree();
  });

  it('that says that it leaves, and stays, is killed', async () => {
    const client = await attach(`${greeting}; echo '%exit'; exec sleep 1000`);
    await waitFor('its word', () => !client.isOpen);
    await client.closed;
    await expectFree();
  });

  it('that does not hear that it should leave is killed', async () => {
    const client = await attach(`${greeting}; exec sleep 1000`);
    await throughGreeting();
    await client.close();
    expect(client.hasExited).toBe(true);
    await expectFree();
  });

  it('is closed though somebody else holds its pipes', async () => {
    const client = await attach(`${greeting}; sleep 20 & exec sleep 1000`);
    await throughGreeting();
    client.kill();
    await client.closed;
    await expectFree();
  });

  it('that is closed before its turn is never started', async () => {
    gate.mark();
    const client = await attach('exec sleep 1000');
    await client.close();
    gate.leave('change');
    expect(client.pid).toBeUndefined();
    await expectFree();
  });
});
