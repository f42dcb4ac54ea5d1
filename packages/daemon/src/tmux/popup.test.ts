import { randomUUID } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sitDown } from '@codepiper/testkit/person.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';
import { messageLine, popupBinding } from './popup.ts';
import { tmuxFeatures, tmuxVersion } from './version.ts';

it.for(['a', 'A'])(
  'the prefix and %s run the command over a session of ours, whatever its path is',
  async (key, { skip }) => {
    const features = tmuxFeatures((await tmuxVersion(process.env)) ?? '');
    skip(!features.popups, 'this tmux has no pop-ups');
    await using folder = await makeTempDir();
    await using tmux = scratchTmux();
    const command = join(folder.path, "a b#{pid}'$HOME;%H");
    const said = join(folder.path, 'said');
    await writeFile(command, `#!/bin/sh\nprintf '%s\\n' "$@" >'${said}'\n`);
    await chmod(command, 0o700);
    const id = randomUUID();
    const env = { PATH: process.env.PATH, SHELL: '/bin/sh' };
    await tmux.start(`codepiper-${id}`, ['sleep', '60'], { cwd: '/', env });
    await tmux.start('other$(touch x)', ['sleep', '60'], { cwd: '/', env });
    const file = join(folder.path, 'bind.conf');
    await writeFile(file, `${popupBinding([command, '--session'], { popups: true })}\n`);
    await tmux.run('source-file', file);
    const attach = (session: string) =>
      sitDown(['tmux', '-L', tmux.socketName, 'attach', '-t', `=${session}`], { cwd: '/', env });
    const isAttached = (count: number) =>
      waitFor(
        'the client',
        async () => (await tmux.run('list-clients')).split('\n').filter(Boolean).length === count,
      );

    await using stranger = attach('other$(touch x)');
    await isAttached(1);
    stranger.press('ctrl-b');
    stranger.type(key);
    await stranger.waitForText(/no session of codepiper/);

    await using person = attach(`codepiper-${id}`);
    await isAttached(2);
    person.press('ctrl-b');
    person.type(key);
    const words = await waitFor('the command', () => readFile(said, 'utf8').catch(() => false as const));
    expect(words).toBe(`--session\n${id}\n`);

    skip(!features.namesClients, 'this tmux shows no message to one client');
    const text = 'needed: #{pid} 100% %H "x" $HOME ~ {a} \\ ; \u001b[31m';
    const client = await tmux.run('list-clients', '-t', `=codepiper-${id}`, '-F', '#{client_name}');
    await writeFile(file, `${messageLine(client, text, { popups: true })}\n`);
    await tmux.run('source-file', file);
    await person.waitForText(/needed: #\{pid\} 100% %H "x" \$HOME ~ \{a\} \\ ; {2}\[31m/);
  },
);

it('an old tmux only says where to answer', () => {
  expect(popupBinding(['codepiper'], { popups: false })).toMatch(
    /^bind-key a display-message "codepiper: run/,
  );
});
