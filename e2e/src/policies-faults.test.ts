import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { runningProcesses } from '@codepiper/testkit/faults/processes.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPolicedHouse, type PolicedHouse } from './policed.ts';

/** Every fault between an agent and the daemon's answer: the tool must not run, and the model must hear why. */
describe.each<ProviderId>(['claude-code', 'codex'])(
  'the hook of the real %s fails closed when',
  (provider) => {
    let at: PolicedHouse;
    beforeAll(async () => {
      at = await openPolicedHouse(provider, {
        CODEPIPER_APPROVALS_EXPIRE_AFTER: '4',
        CODEPIPER_HOOK_PATIENCE: '2',
      });
    });
    afterAll(() => at[Symbol.asyncDispose]());

    /** Has the model call a tool when `fault` is done, and sees that it does not run. */
    async function failsClosed(
      name: string,
      words: RegExp,
      fault: (session: string) => Promise<void> | void,
      session?: { id: string; project: string },
    ) {
      const { id, project } = session ?? (await at.start(name));
      await at.house.run('send', id, `LATER ${name} touch allowed-${name}.txt`);
      await waitFor('the model to be asked', () => at.model.holding().includes(name));
      const before = at.model.requests.length;
      await fault(join(at.house.home, 'sessions', id));
      at.model.release(name);
      await waitFor(
        'the model to hear why',
        () => at.model.requests.slice(before).some((r) => words.test(sinceThePrompt(r.messagesText, name))),
        { timeout: 60_000 },
      );
      expect(existsSync(join(project, `allowed-${name}.txt`))).toBe(false);
      return { id, project };
    }

    it('the daemon is dead, and lets go again when it lives', async () => {
      const { id, project } = await failsClosed('dead', /codepiper: denied: .*did not answer for 2 s/, () =>
        at.house.halt('SIGKILL'),
      );
      await at.house.start();
      await at.idle(id);
      await at.prompt(id, 'RUN touch allowed-again.txt');
      await waitFor('the tool', () => existsSync(join(project, 'allowed-again.txt')));
      await at.house.run('kill', id);
    });

    it('its script is gone', async () => {
      const script = join(at.house.home, 'bin/decide.sh');
      const { id } = await failsClosed('script', /codepiper: denied: the hook/, () =>
        renameSync(script, `${script}.away`),
      );
      renameSync(`${script}.away`, script);
      await at.house.run('kill', id);
    });

    it('the files of its session are gone', async () => {
      const { id } = await failsClosed('files', /codepiper: denied: the files of this session/, (folder) =>
        rmSync(join(folder, 'decide')),
      );
      await at.house.run('kill', id);
    });

    /** Of the tests in which something else answers: the hook asks whom its file names at that time. */
    let shared: Promise<{ id: string; project: string }> | null = null;

    it.each([
      ['nothing', 200, ''],
      ['no-content', 204, ''],
      [
        'decision-of-its-own',
        200,
        '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}\n',
      ],
      ['half-an-answer', 200, 'codepiper 1 answer\n{"hookSpecificOutput":{"hookEve'],
      ['fault', 500, 'codepiper 1 silence\n'],
      ['page', 404, '<html></html>'],
    ])('something else answers with %s', async (name, status, body) => {
      shared ??= at.start('elsewhere');
      const socket = join(at.agentHome.path, `${name}.s`);
      const server = createServer((request, response) => {
        request.resume().on('end', () => response.writeHead(status).end(body));
      });
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      const { id } = await failsClosed(
        name,
        /codepiper: denied: the daemon (gave an answer|refused to decide)/,
        (folder) => {
          const file = join(folder, 'decide.curl');
          writeFileSync(
            file,
            readFileSync(file, 'utf8').replace(/^unix-socket = .*$/m, `unix-socket = "${socket}"`),
          );
        },
        await shared,
      );
      await at.idle(id);
      await new Promise((resolve) => server.close(resolve));
    });

    it('its script is killed while it waits', async () => {
      const { id, project } = await at.start('killed');
      await at.prompt(id, 'RUN touch asked-killed.txt');
      const [asked] = await at.pending(id);
      if (!asked) throw new Error('unreachable');
      const folder = join(at.house.home, 'sessions', id);
      const script = runningProcesses().filter(({ command }) =>
        command.startsWith(`/bin/sh ${at.house.home}/bin/decide.sh ${folder}`),
      );
      expect(script.length).toBeGreaterThan(0);
      for (const { pid } of script) process.kill(pid, 'SIGKILL');
      await at.told('codepiper: denied: the hook');
      expect(existsSync(join(project, 'asked-killed.txt'))).toBe(false);
      await at.house.run('kill', id);
    });

    it('nobody answers in time', async () => {
      const { id, project } = await at.start('expire');
      await at.prompt(id, 'RUN touch asked-late.txt');
      const [asked] = await at.pending(id);
      if (!asked) throw new Error('unreachable');
      await waitFor('the end of waiting', async () => (await at.approval(asked.id)).status === 'expired', {
        timeout: 60_000,
      });
      await at.idle(id);
      expect(existsSync(join(project, 'asked-late.txt'))).toBe(false);
      const said = (await at.decisions(id)).map(({ decision, by }) => `${decision} by ${by}`);
      expect(said[0]).toBe('deny by timeout');
      await at.house.run('kill', id);
    });
  },
);

it("where the agent's own rules are the fallback, a dead daemon leaves the call to them", async () => {
  await using at = await openPolicedHouse('claude-code', {
    CODEPIPER_HOOK_FALLBACK: 'agent',
    CODEPIPER_HOOK_PATIENCE: '0',
  });
  const { id, project } = await at.start('fallback');
  await at.house.run('send', id, 'LATER fallback touch theirs.txt');
  await waitFor('the model to be asked', () => at.model.holding().includes('fallback'));
  await at.house.halt('SIGKILL');
  at.model.release('fallback');
  await waitFor('the dialog of the agent', async () =>
    (
      await at.house.tmux(
        'capture-pane',
        '-p',
        '-t',
        (await at.house.tmux('list-panes', '-a', '-F', '#{pane_id}')).split('\n')[0] ?? '',
      )
    ).includes('Do you want to proceed?'),
  );
  expect(existsSync(join(project, 'theirs.txt'))).toBe(false);
});

/** The end of a conversation, from the prompt that has this name in it. */
function sinceThePrompt(messagesText: string, name: string): string {
  const at = messagesText.lastIndexOf(`LATER ${name} `);
  return at < 0 ? '' : messagesText.slice(at);
}
