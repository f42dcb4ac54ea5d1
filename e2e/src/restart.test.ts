import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDashboard, freePort } from '@codepiper/testkit/dashboard-house.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { sitDown } from '@codepiper/testkit/person.ts';
import { isAlive, makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';
import { openPolicedHouse } from './policed.ts';

interface Health {
  pid: number;
  startedAt: string;
  dashboard: { port: number } | null;
}

const health = async (house: House) => (await house.http('GET', '/health')).body as Health;

/** Asks the daemon to begin again, and waits until another one answers. */
async function restart(house: House): Promise<{ before: Health; after: Health }> {
  const before = await health(house);
  const reply = await house.http('POST', '/settings/daemon/restart', {});
  expect(reply).toMatchObject({ status: 202, body: { restarting: true, preserveSessions: true } });
  return { before, after: await begunAgain(house, before) };
}

const begunAgain = (house: House, before: Health) =>
  waitFor('the next daemon', async () => {
    const now = await health(house);
    return now.startedAt !== before.startedAt && now;
  });

it('in the background it takes its own place: same process, same flags, sessions and texts go on', async () => {
  await using house = await House.build();
  const port = await freePort();
  try {
    await house.run('daemon', 'start', '--detach', '--web', `--port=${port}`, '--log-level=info');
    const session = await house.create({ provider: 'shell', args: ['cat'] });
    const { pid } = await house.until(session.id, 'up', (s) => s.pid !== null);
    const texts = Array.from({ length: 20 }, (_, i) => `text-${i}-`);
    const sending = texts.map((text) =>
      house.http('POST', `/sessions/${session.id}/send`, { text, idempotencyKey: text }).catch(() => null),
    );
    const { before, after } = await restart(house);
    expect(after).toMatchObject({ pid: before.pid, dashboard: { port } });
    await Promise.all(sending);
    // What was accepted is typed once; what was not is sent again under its key.
    for (const text of texts) {
      await house.http('POST', `/sessions/${session.id}/send`, { text, idempotencyKey: text });
    }
    await waitFor('every text to arrive', async () => {
      const deliveries = await house.deliveries(session.id);
      return deliveries.length === texts.length && deliveries.every(({ status }) => status === 'delivered');
    });
    // The echo of the terminal, which proves it, and what cat says a moment later.
    await waitFor('the echo of each, and its copy', async () => {
      const { text: output } = await house.http('GET', `/sessions/${session.id}/output?lines=500`);
      expect(texts.map((text) => output.split(text).length - 1)).toEqual(texts.map(() => 2));
      return true;
    });
    expect(await house.session(session.id)).toMatchObject({ pid, status: 'running' });
    const settings = JSON.parse(await house.run('config', '--json')) as { key: string; origin: string }[];
    const flags = settings.filter(({ origin }) => origin === 'flag').map(({ key }) => key);
    expect(flags.sort()).toEqual(['log.level', 'web.enabled', 'web.port']);
  } finally {
    await house.run('daemon', 'stop', '--kill-sessions');
  }
});

it('in a terminal it stays there: Ctrl+C ends the new one, and files are made as before', async () => {
  await using house = await House.build();
  await using person = sitDown(
    ['/bin/sh', '-c', `umask 027; exec "${process.execPath}" "${builtCli}" daemon start`],
    {
      cwd: '/',
      env: house.env,
    },
  );
  await person.waitForText(/is running \(pid \d+/);
  const { after } = await restart(house);
  expect(after.pid).toBe(person.pid);
  await person.waitForText(/is running[\s\S]*is running/);
  const umask = await house.create({ provider: 'shell', args: ['sh', '-c', 'umask; cat'] });
  await waitFor('the umask of the person', async () => (await house.screen(umask.id)).includes('0027'));
  person.press('ctrl-c');
  expect(await person.exit).toMatchObject({ code: 0 });
  await house.start();
  expect(await house.session(umask.id)).toMatchObject({ status: 'running' });
});

it('keeps the port of the dashboard that was any, as long as it is free, restart after restart', async () => {
  await using house = await House.build();
  try {
    await house.run('daemon', 'start', '--detach', '--web', '--port=0');
    const { after: second } = await restart(house);
    const { before, after: third } = await restart(house);
    expect(second.dashboard?.port).toBeGreaterThan(0);
    expect([before, third].map(({ dashboard }) => dashboard)).toEqual([second.dashboard, second.dashboard]);
    const session = await house.create({ provider: 'shell', args: ['sh', '-c', 'env; cat'] });
    await waitFor('its environment', async () => /CODEPIPER_SESSION=/.test(await house.screen(session.id)));
    const { text } = await house.http('GET', `/sessions/${session.id}/output?lines=500`);
    expect(text).not.toContain('KEPT_PORT');
  } finally {
    await house.run('daemon', 'stop', '--kill-sessions');
  }
});

/** As if the signal came at that moment: in the turn in which the call is made, after everything else. */
const signalledAt = (call: string, nth: number) => `
  let calls = 0;
  const real = process.${call};
  process.${call} = (...args) => {
    if (++calls === ${nth}) process.kill(process.pid, 'SIGTERM');
    return real.apply(process, args);
  };
`;

it.each([
  // The second time is when it gives the umask back, before its log is closed.
  { when: 'while it closes its last files', call: 'umask', nth: 2 },
  { when: 'just before another takes its place', call: 'execve', nth: 1 },
])('a signal wins: $when', async ({ call, nth }) => {
  await using preload = await makeTempDir();
  const file = join(preload.path, 'signalled.cjs');
  await writeFile(file, signalledAt(call, nth));
  await using house = await House.open({ env: { NODE_OPTIONS: `--require=${file}` } });
  const { pid } = await health(house);
  expect(await house.http('POST', '/settings/daemon/restart', {})).toMatchObject({ status: 202 });
  await waitFor('the daemon to end', () => !isAlive(pid));
});

it('goes on as it was when no daemon could start with the configuration', async () => {
  await using house = await House.open();
  const before = await health(house);
  await writeFile(join(house.home, 'config.yaml'), 'web.prot: 1\n');
  const refused = await house.http('POST', '/settings/daemon/restart', {});
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'restart_refused', error: expect.stringMatching(/config\.yaml:1: .*web\.port/) },
  });
  expect(await health(house)).toEqual(before);
});

it('ends every session where they are not to be preserved, unless somebody says otherwise', async () => {
  await using house = await House.open();
  const cat = { provider: 'shell', args: ['cat'] };
  await house.run('config', 'set', 'sessions.preserve', 'off');
  const kept = await house.create(cat);
  await house.run('daemon', 'stop', '--keep-sessions');
  await house.start();
  expect(await house.session(kept.id)).toMatchObject({ status: 'running' });
  const before = await health(house);
  const reply = await house.http('POST', '/settings/daemon/restart', {});
  expect(reply.body).toMatchObject({ preserveSessions: false });
  await begunAgain(house, before);
  expect(await house.session(kept.id)).toMatchObject({ status: 'stopped' });
  const ended = await house.create(cat);
  await house.run('daemon', 'stop');
  expect(await house.tmux('ls')).toBe('');
  await house.start();
  expect(await house.session(ended.id)).toMatchObject({ status: 'stopped' });
});

it('from the dashboard: signed in as before, the settings kept, and the doctor sees the new one', async () => {
  await using at = await createDashboard({ env: { CODEPIPER_POLICY_DEFAULT: '' } });
  const { owner, house } = at;
  const put = (body: object) => owner.post('/settings/daemon', body, { method: 'PUT' });
  const change = { forwardSshAuthSock: false, defaultPolicyAction: 'deny' };
  expect(await put(change)).toMatchObject({ status: 200, body: { settings: change } });
  const before = await health(house);
  expect(await owner.post('/settings/daemon/restart', {})).toMatchObject({ status: 202 });
  await begunAgain(house, before);
  const shown = await waitFor('the dashboard', () => owner.get('/settings/daemon'));
  expect(shown).toMatchObject({ status: 200, body: { settings: change } });
  const { checks } = (await owner.get('/doctor')).body;
  expect(checks).toContainEqual(
    expect.objectContaining({ id: 'daemon', status: 'ok', detail: expect.stringContaining(house.socket) }),
  );
});

it('keeps an open approval of the real Codex, which has the host when the setting says so', async () => {
  await using at = await openPolicedHouse('codex');
  const { house } = at;
  await house.run('config', 'set', 'codex.hostAccess', 'on');
  const { id, project } = await at.start('host');
  const { pid, metadata } = await house.session(id);
  expect(metadata.security.codexHostAccessProfileEnabled).toBe(true);
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ');
  expect(words).toContain('--sandbox danger-full-access --ask-for-approval on-request');
  // The sandbox of Codex lets no command reach a Unix socket.
  const outside = join(at.agentHome.path, 'asked-outside');
  await at.prompt(
    id,
    `RUN touch ${outside}; curl -s --unix-socket ${house.socket} http://d/health -o reached.json`,
  );
  const asked = await at.first(id);
  await restart(house);
  expect(await at.approval(asked.id)).toMatchObject({ status: 'pending' });
  await at.answer(asked, 'approve');
  await waitFor('the command', () => existsSync(join(project, 'reached.json')));
  expect(existsSync(outside)).toBe(true);
  expect(isAlive(pid ?? 0)).toBe(true);
  const audited = (await at.decisions(id)).map(({ reason }) => reason);
  expect(audited).toContainEqual(expect.stringContaining('host access: run 1'));
});
