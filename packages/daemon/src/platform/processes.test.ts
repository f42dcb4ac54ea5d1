import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProcessInfo, type ProcessTable, procTable, psTable, systemTable } from './process-table.ts';
import { findTree, isAlive, killTree } from './processes.ts';

let marker: { name: string; value: string };
const started: ChildProcess[] = [];
beforeEach(() => {
  marker = { name: 'CODEPIPER_SESSION', value: randomUUID() };
});
afterEach(async () => {
  await killTree({ marker });
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Starts a shell that is marked (or not) and runs on. */
function shell(script: string, marked = true): ChildProcess & { pid: number } {
  const env = { PATH: process.env.PATH, ...(marked ? { [marker.name]: marker.value } : {}) };
  const child = spawn('sh', ['-c', script], { env, stdio: 'ignore' });
  started.push(child);
  if (child.pid === undefined) throw new Error('sh did not start');
  return Object.assign(child, { pid: child.pid });
}

const commands = (found: readonly ProcessInfo[]) => found.map((info) => info.command).sort();
const sleeps = (query: Parameters<typeof findTree>[0], count: number, table?: ProcessTable) =>
  waitFor(`${count} sleeping processes`, () => {
    const found = findTree(query, table).filter((info) => info.command === 'sleep');
    return found.length === count && found;
  });

const tables: [string, ProcessTable][] =
  process.platform === 'linux'
    ? [
        ['/proc', procTable],
        ['ps', psTable],
      ]
    : [['ps', psTable]];

describe.each(tables)('findTree by %s', (_name, table) => {
  it('finds descendants without the marker', async () => {
    const root = shell('sleep 1001 & sh -c "sleep 1002; :" & wait', false);
    await sleeps({ rootPid: root.pid }, 2, table);
    const found = findTree({ rootPid: root.pid }, table);
    expect(commands(found)).toEqual(['sh', 'sh', 'sleep', 'sleep']);
    const without = findTree({ rootPid: root.pid, excludeRoot: true }, table);
    expect(commands(without)).toEqual(['sh', 'sleep', 'sleep']);
    await killTree({ rootPid: root.pid });
  });

  it('finds marked ones that left the tree, and what they started without the marker', async () => {
    // Double fork into a session of its own; then a child whose environment was emptied.
    const root = shell(`setsid sh -c 'env -i PATH="$PATH" sleep 1003 & wait' & exit 0`);
    await once(root, 'exit');
    const [found] = await sleeps({ marker }, 1, table);
    expect(findTree({ rootPid: root.pid, marker }, table).map((info) => info.pid)).toContain(found?.pid);
    expect(findTree({ rootPid: root.pid }, table)).toEqual([]);
  });

  it('takes the marker exactly', async () => {
    shell('exec sleep 1004');
    await sleeps({ marker }, 1, table);
    for (const value of [marker.value.slice(0, -1), `${marker.value}0`, marker.value.slice(1), '']) {
      expect(findTree({ marker: { ...marker, value } }, table).map((info) => info.command)).not.toContain(
        'sleep',
      );
    }
    expect(findTree({ marker: { name: 'SESSION', value: marker.value } }, table)).toEqual([]);
  });
});

describe('findTree', () => {
  it('takes nothing for a root that is not there, or is everybody’s parent', () => {
    expect(findTree({ rootPid: null })).toEqual([]);
    expect(findTree({ rootPid: 0 })).toEqual([]);
    expect(findTree({ rootPid: 1 })).toEqual([]);
    expect(findTree({ rootPid: 2 ** 30 })).toEqual([]);
  });

  it('leaves out this process, even as the root', async () => {
    shell('exec sleep 1005');
    await sleeps({ marker }, 1);
    expect(findTree({ rootPid: process.pid })).toEqual([]);
  });

  it('spares a tmux server that carries the marker, and everything on it', async () => {
    await using tmux = scratchTmux();
    const name = tmux.socketName;
    // As an agent would: the server inherits its environment, and so do other people's sessions on it.
    const root = shell(
      `tmux -L ${name} -f /dev/null new-session -d -s theirs 'sleep 1006'; sleep 1007 & wait`,
    );
    const theirs = Number(
      await waitFor('the pane', () => tmux.run('list-panes', '-t', 'theirs', '-F', '#{pane_pid}')),
    );
    await sleeps({ rootPid: root.pid, marker }, 1);
    expect(systemTable.carriers(`${marker.name}=${marker.value}`, [theirs]).size).toBe(1);
    const { killed, left } = await killTree({ rootPid: root.pid, marker });
    expect(killed).toContain(root.pid);
    expect(left).toEqual([]);
    expect(isAlive(theirs)).toBe(true);
    expect(await tmux.run('list-sessions', '-F', '#{session_name}')).toBe('theirs');
  });

  it('finds what is below a root in a tmux pane', async () => {
    await using tmux = scratchTmux();
    await tmux.start('ours', ['sh', '-c', 'sleep 1008; :'], { cwd: '/', env: { PATH: process.env.PATH } });
    const rootPid = Number(await tmux.run('list-panes', '-t', 'ours', '-F', '#{pane_pid}'));
    await sleeps({ rootPid }, 1);
    const { left } = await killTree({ rootPid, excludeRoot: true });
    expect(left).toEqual([]);
  });
});

describe('killTree', () => {
  it('leaves none of a tree that keeps forking', async () => {
    const root = shell('while :; do setsid sleep 1009 & sleep 0.01; done');
    await waitFor('a few forks', () => findTree({ marker }).length > 5);
    const { killed, left } = await killTree({ rootPid: root.pid, marker });
    expect(left).toEqual([]);
    expect(killed.length).toBeGreaterThan(5);
    expect(findTree({ marker })).toEqual([]);
    expect(isAlive(root.pid)).toBe(false);
  });

  it('tells at the deadline who is left, having asked each once', async () => {
    const root = shell('trap "" TERM; sleep 1010 & wait; exec sleep 1011');
    await sleeps({ marker }, 1);
    const { left } = await killTree({ marker }, 'SIGTERM', { deadlineMs: 50 });
    expect(left).toContain(root.pid);
  });

  it('does not signal a process that has got the pid since', async () => {
    const child = shell('exec sleep 1012');
    await sleeps({ marker }, 1);
    const stale: ProcessTable = {
      ...systemTable,
      list: () => systemTable.list().map((info) => ({ ...info, started: `${info.started}0` })),
    };
    const { killed, left } = await killTree({ marker }, 'SIGKILL', { deadlineMs: 0, table: stale });
    expect(killed).toEqual([]);
    expect(left).toEqual([child.pid]);
    expect(isAlive(child.pid)).toBe(true);
  });
});

describe('isAlive', () => {
  it('tells the living from the dead', async () => {
    const child = shell('exec sleep 1013');
    expect(isAlive(child.pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(child.pid)).toBe(false);
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 30]) expect(isAlive(pid)).toBe(false);
  });
});
