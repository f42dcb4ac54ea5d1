import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { builtCli } from '@codepiper/testkit/house.ts';
import { type Person, sitDown } from '@codepiper/testkit/person.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPolicedHouse, type PolicedHouse } from './policed.ts';

let at: PolicedHouse;
beforeAll(async () => {
  at = await openPolicedHouse('claude-code');
});
afterAll(() => at[Symbol.asyncDispose]());

/** A person who runs a command of ours at a terminal. */
function atTerminal(...args: string[]): Person {
  const { env } = at.house;
  return sitDown([process.execPath, builtCli, ...args], { cwd: env.HOME ?? '/', env });
}

async function asks(name: string, command: string) {
  const { id, project } = await at.start(name);
  await at.prompt(id, `RUN ${command}`);
  const [approval] = await at.pending(id);
  if (!approval) throw new Error('unreachable');
  return { id, project, approval };
}

describe('a person at a terminal', () => {
  it('is told in the attached session, and answers in the popup, which closes by itself', async () => {
    const { id, project } = await at.start('popup');
    await using person = atTerminal('attach', id);
    await person.waitForText(/popup|Claude/i);
    await at.prompt(id, 'RUN touch by-popup.txt');
    const [approval] = await at.pending(id);
    await person.waitForText(/codepiper: approval needed: touch by-popup\.txt \(Ctrl\+B a\)/);
    person.press('ctrl-b');
    person.type('a');
    await person.waitForText(new RegExp(`> ${approval?.id.slice(0, 8)}`));
    // A popup takes no keys at first; one that is dropped is pressed again.
    await waitFor('what is asked back', () => {
      if (!person.screen().includes('Approve this call?')) person.type('a');
      return person.screen().includes('Approve this call?');
    });
    expect((await at.approval(approval?.id ?? '')).status).toBe('pending');
    person.press('enter');
    await waitFor('the file', () => existsSync(join(project, 'by-popup.txt')));
    expect(await at.approval(approval?.id ?? '')).toMatchObject({ status: 'approved', settledBy: 'cli' });
    await waitFor('the popup to be gone', () => !/j\/k move/.test(person.screen()));
    await at.house.run('kill', id);
  });

  it('sees the popup close when somebody else was quicker', async () => {
    const { id, approval } = await asks('quicker', 'touch quicker.txt');
    await using person = atTerminal('attach', id);
    await person.waitForText(/codepiper/i);
    await waitFor(
      'the popup',
      () => {
        if (!/j\/k move/.test(person.screen())) {
          person.press('ctrl-b');
          person.type('a');
        }
        return /j\/k move/.test(person.screen());
      },
      { interval: 1_000 },
    );
    await at.house.run('deny', approval.id.slice(0, 8), '--reason', 'not from here');
    await waitFor('the popup to be gone', () => !/j\/k move/.test(person.screen()));
    await at.told('not from here');
    await at.house.run('kill', id);
  });

  it('answers in the list that is kept up to date', async () => {
    await using person = atTerminal('approvals', '--watch');
    await person.waitForText(/Nothing waits for you/);
    const { id, project, approval } = await asks('watch', 'touch by-watch.txt');
    await person.waitForText(/> [0-9a-f]{8}.*touch by-watch\.txt/);
    person.press('enter');
    await person.waitForText(/a rule that would allow it/);
    person.type('a');
    await waitFor('the file', () => existsSync(join(project, 'by-watch.txt')));
    expect((await at.approval(approval.id)).status).toBe('approved');
    await person.waitForText(/Nothing waits for you/);
    person.type('q');
    expect((await person.exit).code).toBe(0);
    await at.house.run('kill', id);
  });

  it('an agent cannot answer for itself', async () => {
    const { id, approval } = await asks('itself', 'touch self.txt');
    const shell = await at.house.create({ provider: 'shell', cwd: (await at.house.session(id)).cwd });
    await at.house.until(shell.id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
    const approve = `codepiper approve ${approval.id}`;
    const kept = join((await at.house.session(id)).cwd, 'said.txt');
    const saying = `"$(command -v codepiper) approve ${approval.id} --socket $CODEPIPER_SOCKET >${kept} 2>&1"`;
    const hear = `until grep person ${kept}; do sleep 0.1; done; rm ${kept}`;
    for (const [how, command] of [
      ['as it is', approve],
      ['in the background', `(setsid ${approve} >${kept} 2>&1 &); ${hear}`],
      ['by a job of tmux', `tmux run-shell ${saying}; ${hear}`],
      ['in a window of tmux', `tmux new-window -d ${saying}; ${hear}`],
    ] as const) {
      await at.house.run('send', shell.id, '--no-wait', `clear; ${command}; echo "tried: ${how}"`);
      await waitFor(`the refusal ${how}`, async () =>
        new RegExp(`Only a person may do this[^]*^tried: ${how}`, 'm').test(await at.house.screen(shell.id)),
      );
    }
    expect((await at.approval(approval.id)).status).toBe('pending');
    await at.house.run('kill', shell.id);
    await at.house.run('kill', id);
  });
});
