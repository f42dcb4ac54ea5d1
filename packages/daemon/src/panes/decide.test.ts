import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { runningProcesses } from '@codepiper/testkit/faults/processes.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgram } from '../platform/programs.ts';
import { type DecideOptions, decideClient, decideCommand, decideFiles, decideScript } from './decide.ts';

/** A request as it came. */
interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

let temp: TempDir;
let socket: string;
let seen: Seen[];
let ending: (() => Promise<void>)[];
beforeEach(async () => {
  temp = await makeTempDir();
  socket = join(temp.path, 's');
  seen = [];
  ending = [];
});
afterEach(async () => {
  for (const end of ending.reverse()) await end();
  await temp[Symbol.asyncDispose]();
});

type Answer = (response: ServerResponse, count: number) => void;

/** A daemon that answers as it is told; returns how it goes away. */
async function listen(answer: Answer): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(response, seen.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  ending.push(close);
  return close;
}

const say =
  (text: string, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  };
const verdict =
  '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","x":"ä\\n\\\\"}}';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the hook's command as an agent would, by a shell, and says how it ended. */
function run(options: Partial<DecideOptions> & { shell?: string; payload?: string; path?: string } = {}): {
  child: ChildProcess;
  outcome: Promise<Outcome>;
} {
  const folder = join(temp.path, "it's a session");
  const bin = join(temp.path, 'bin');
  const { shell = '/bin/sh', payload = '{"a":1}', path = process.env.PATH, ...given } = options;
  const decide: DecideOptions = {
    socket,
    token: 'to-ken_1',
    patience: 5,
    fallback: 'deny',
    curl: findProgram('curl', process.env.PATH),
    node: process.execPath,
    client: join(bin, 'decide-client.cjs'),
    ...given,
  };
  mkdirSync(folder, { recursive: true });
  mkdirSync(bin, { recursive: true });
  for (const { name, content } of decideFiles(decide)) writeFileSync(join(folder, name), content);
  if (!existsSync(join(bin, 'decide.sh'))) writeFileSync(join(bin, 'decide.sh'), decideScript);
  writeFileSync(decide.client, decideClient);
  const command = decideCommand(join(bin, 'decide.sh'), folder, decide.fallback);
  expect(command).not.toContain('to-ken_1');
  const child = spawn(shell, ['-c', command], {
    cwd: temp.path,
    env: {
      PATH: path,
      HOME: temp.path,
      TMPDIR: join(temp.path, 'tmp'),
      ALL_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  mkdirSync(join(temp.path, 'tmp'), { recursive: true });
  child.stdin.on('error', () => undefined).end(payload);
  const outcome = ended(child);
  ending.push(async () => {
    child.kill('SIGKILL');
    await outcome;
  });
  return { child, outcome };
}

/** What a program printed, and how it ended. */
function ended(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

const allowed = { code: 0, stdout: `${verdict}\n`, stderr: '' };
const silent = { code: 0, stdout: '', stderr: '' };
/** Exit 2 with words is the one failure both agents take for a denial. */
const deniedSaying = (words: RegExp) => ({
  code: 2,
  stdout: '',
  stderr: expect.stringMatching(words),
});

/** Descendants of a process whose arguments match. */
function below(pid: number | undefined, pattern: RegExp): number[] {
  const all = runningProcesses();
  const family = new Set([pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid: own, parent } of all) {
      if (family.has(parent) && !family.has(own)) grown = Boolean(family.add(own));
    }
  }
  return all.filter(({ pid: own, command }) => family.has(own) && pattern.test(command)).map((p) => p.pid);
}

const shells = ['/bin/sh', 'bash', 'dash', 'zsh', 'fish', 'busybox']
  .map((name) => findProgram(name, '/bin:/usr/bin:/usr/local/bin'))
  .filter((path) => path !== null);
const clients: [name: string, options: Partial<DecideOptions>][] = [
  ['curl', {}],
  ['node', { curl: null }],
];

describe.each(clients)('asking by %s', (_name, client) => {
  it('prints the answer as it came, and asks as the session, once', async () => {
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await run(client).outcome).toEqual(allowed);
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/hooks/decide',
        body: '{"a":1}',
        headers: expect.objectContaining({
          authorization: 'Bearer to-ken_1',
          'content-type': 'application/json',
          'x-codepiper-request': expect.stringMatching(/^[0-9a-f-]{32,36}$/),
        }),
      },
    ]);
  });

  it('prints nothing for the word that there is no decision', async () => {
    await listen(say('codepiper 1 silence\n'));
    expect(await run(client).outcome).toEqual(silent);
  });

  it('carries a payload of megabytes, and leaves nothing of it on the disk', async () => {
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    const payload = JSON.stringify({ text: 'ä\n"\\'.repeat(600_000) });
    expect(await run({ ...client, payload }).outcome).toEqual(allowed);
    expect(seen[0]?.body).toBe(payload);
    expect(readdirSync(join(temp.path, 'tmp'))).toEqual([]);
  });

  it.each([
    ['an empty answer', say('')],
    ['an empty answer with 204', say('', 204)],
    ['plain text', say('allow\n')],
    ['the decision alone', say(`${verdict}\n`)],
    ['a word like ours', say('codepiper 1 silence please\n')],
    ['silence with a tail', say(`codepiper 1 silence\n${verdict}`)],
    ['an answer of another version', say(`codepiper 2 answer\n${verdict}`)],
    ['an answer without a decision', say('codepiper 1 answer\n')],
    ['an answer in text', say('codepiper 1 answer\nallow\n')],
    ['a decision without an end', say(`codepiper 1 answer\n${verdict}`)],
    ['silence without an end', say('codepiper 1 silence')],
    ['a decision on two lines', say(`codepiper 1 answer\n{"a":\n1}x\n`)],
    ['half a decision', say(`codepiper 1 answer\n${verdict.slice(0, 40)}`)],
    ['a page', say('<html></html>')],
    ['a redirection', say(`codepiper 1 answer\n${verdict}\n`, 302)],
    ['an error with a decision', say(`codepiper 1 answer\n${verdict}\n`, 500)],
  ] as [string, Answer][])('%s is a denial', async (_what, answer) => {
    await listen(answer);
    expect(await run(client).outcome).toEqual(deniedSaying(/^codepiper: denied: \S+/));
    expect(seen).toHaveLength(1);
  });

  it("an error is a denial in the daemon's words", async () => {
    await listen(
      say(JSON.stringify({ error: 'The session token is not valid: "x".', code: 'unauthorized' }), 401),
    );
    expect(await run(client).outcome).toEqual(deniedSaying(/HTTP 401.*The session token is not valid/));
  });

  it('a daemon that is away is waited for as long as the patience goes', async () => {
    const { outcome } = run({ ...client, patience: 1 });
    expect(await outcome).toEqual(deniedSaying(/did not answer for 1 s .*daemon start/));
  });

  it('a daemon that comes is asked', async () => {
    const { child, outcome } = run({ ...client, patience: 60 });
    // It has tried in vain when it rests.
    await waitFor('a first try', () => below(child.pid, /^sleep/).length > 0);
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await outcome).toEqual(allowed);
  });

  it.each<[string, Answer]>([
    ['goes away while it waits', (response) => response.destroy()],
    [
      'goes away in the middle of its answer',
      (response) => {
        response.writeHead(200, { 'content-length': '500' });
        response.write(`codepiper 1 answer\n${verdict}\n`, () => response.destroy());
      },
    ],
    ['is about to stop', say('{"error":"The daemon is stopping.","code":"shutting_down"}', 503)],
  ])('a daemon that %s is asked again as the same hook', async (_what, first) => {
    await listen((response, count) =>
      count < 3 ? first(response, count) : say(`codepiper 1 answer\n${verdict}\n`)(response, count),
    );
    expect(await run(client).outcome).toEqual(allowed);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ headers }) => headers['x-codepiper-request'])).size).toBe(1);
    expect(new Set(seen.map(({ body }) => body))).toEqual(new Set(['{"a":1}']));
  });

  it('a daemon that only ever breaks off is given up', async () => {
    await listen((response) => response.destroy());
    expect(await run({ ...client, patience: 1 }).outcome).toEqual(deniedSaying(/did not answer for 1 s/));
  });

  it('every hook is a request of its own', async () => {
    await listen(say('codepiper 1 silence\n'));
    await run(client).outcome;
    await run(client).outcome;
    expect(seen[0]?.headers['x-codepiper-request']).not.toBe(seen[1]?.headers['x-codepiper-request']);
  });

  it('a client that is killed asks again', async () => {
    await listen((response, count) => {
      if (count > 1) say(`codepiper 1 answer\n${verdict}\n`)(response, count);
    });
    const { child, outcome } = run(client);
    await waitFor('the request', () => seen.length > 0);
    for (const pid of below(child.pid, /^\S*(curl|node) /)) process.kill(pid, 'SIGKILL');
    expect(await outcome).toEqual(allowed);
  });

  it('a script that is killed is a denial in words', async () => {
    await listen(() => undefined);
    const { child, outcome } = run(client);
    await waitFor('the request', () => seen.length > 0);
    const family = below(child.pid, /./).filter((pid) => pid !== child.pid);
    for (const pid of family) process.kill(pid, 'SIGKILL');
    expect(await outcome).toEqual(deniedSaying(/codepiper: denied/));
  });

  it('shows the token in no argument', async () => {
    const replies: ServerResponse[] = [];
    await listen((response) => replies.push(response));
    const { child, outcome } = run(client);
    await waitFor('the request', () => replies.length > 0);
    expect(below(child.pid, /decide/).length).toBeGreaterThan(0);
    expect(below(child.pid, /to-ken_1/)).toEqual([]);
    replies[0]?.end('codepiper 1 silence\n');
    expect(await outcome).toEqual(silent);
  });
});

describe('in its place', () => {
  it.each(shells)('is understood by %s', async (shell) => {
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    const { outcome } = run({ shell });
    expect(await outcome).toEqual(allowed);
  });

  it.each(shells.filter((shell) => !shell.endsWith('/fish')))(
    'its script runs in %s as well',
    async (shell) => {
      await listen(say(`codepiper 1 answer\n${verdict}\n`));
      await run({ patience: 1 }).outcome;
      const script = [join(temp.path, 'bin/decide.sh'), join(temp.path, "it's a session")];
      const ask = () => {
        const child = spawn(shell, [...(shell.endsWith('/busybox') ? ['sh'] : []), ...script]);
        child.stdin.end('{"b":2}');
        return ended(child);
      };
      expect(await ask()).toEqual(allowed);
      writeFileSync(
        join(temp.path, "it's a session", 'decide.curl'),
        'url = "http://127.0.0.1:9"\nmax-time = 1\n',
      );
      expect(await ask()).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^codepiper: denied/),
      });
    },
  );

  it('takes its programs from the system, not from the repository', async () => {
    const trap = join(temp.path, 'trap');
    mkdirSync(trap);
    for (const name of ['cat', 'sed', 'date', 'sleep', 'curl']) {
      writeFileSync(join(trap, name), '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    }
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await run({ path: `${trap}:${process.env.PATH}` }).outcome).toEqual(allowed);
    expect(seen[0]?.body).toBe('{"a":1}');
  });

  it('a deleted script is a denial in words', async () => {
    await run().outcome;
    rmSync(join(temp.path, 'bin/decide.sh'));
    const folder = join(temp.path, "it's a session");
    const command = decideCommand(join(temp.path, 'bin/decide.sh'), folder, 'deny');
    const child = spawn('/bin/sh', ['-c', command]);
    child.stdin.on('error', () => undefined).end('{}');
    expect(await ended(child)).toEqual(deniedSaying(/codepiper: denied/));
  });

  it.each(['deny', 'agent'] as const)(
    'a deleted session folder is a denial in words (%s)',
    async (fallback) => {
      await listen(say(`codepiper 1 answer\n${verdict}\n`));
      expect(await run().outcome).toEqual(allowed);
      rmSync(join(temp.path, "it's a session"), { recursive: true });
      const command = decideCommand(
        join(temp.path, 'bin/decide.sh'),
        join(temp.path, "it's a session"),
        fallback,
      );
      const child = spawn('/bin/sh', ['-c', command]);
      child.stdin.on('error', () => undefined).end('{}');
      expect(await ended(child)).toEqual(deniedSaying(/files of this session are gone/));
      expect(seen).toHaveLength(1);
    },
  );

  it('no payload is a denial: there is no call to decide', async () => {
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await run({ payload: '' }).outcome).toEqual(deniedSaying(/sent no call/));
    expect(seen).toEqual([]);
  });

  it('without curl and node there is a denial in words', async () => {
    const tools = join(temp.path, 'tools');
    mkdirSync(tools);
    for (const name of ['cat', 'sed', 'head', 'date', 'sleep']) {
      symlinkSync(findProgram(name, '/usr/bin:/bin') ?? '', join(tools, name));
    }
    const { outcome } = run({ curl: null, node: '/gone/node', path: tools, patience: 0 });
    // The system's folders are looked through too: a node there asks a daemon that is not there.
    const isThere = findProgram('node', '/usr/bin:/bin') !== null;
    expect(await outcome).toEqual(deniedSaying(isThere ? /did not answer/ : /neither curl nor node/));
  });

  it('a curl that does not know what is asked of it gives way to node', async () => {
    const old = join(temp.path, 'old-curl');
    writeFileSync(old, '#!/bin/sh\ncat >/dev/null\nexit 2\n', { mode: 0o700 });
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await run({ curl: old }).outcome).toEqual(allowed);
  });

  it("a person's own settings of curl change nothing", async () => {
    writeFileSync(join(temp.path, '.curlrc'), 'proxy = "http://127.0.0.1:9"\ninclude\n');
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await run().outcome).toEqual(allowed);
  });
});

describe("where the agent's own rules are the fallback", () => {
  it.each<[string, Answer | null]>([
    ['no daemon', null],
    ['a daemon that breaks off', (response) => response.destroy()],
    ['an error', say('{"error":"x"}', 500)],
    ['garbage', say('allow')],
  ])('%s is silence', async (_what, answer) => {
    if (answer) await listen(answer);
    expect(await run({ fallback: 'agent', patience: 0 }).outcome).toEqual(silent);
  });

  it.each([
    ['whose call is too large', '{"error":"The call is too large.","code":"body_too_large"}', 413],
    ['that is of another session', '{"error":"Another session.","code":"forbidden"}', 403],
  ])('a hook %s was denied by the daemon, which could be asked', async (_what, body, status) => {
    await listen(say(body, status));
    expect(await run({ fallback: 'agent' }).outcome).toEqual(
      deniedSaying(/the daemon refused .*(large|session)/),
    );
  });

  it('a script that is killed is silence', async () => {
    await listen(() => undefined);
    const { child, outcome } = run({ fallback: 'agent' });
    await waitFor('the request', () => seen.length > 0);
    for (const pid of below(child.pid, /./)) if (pid !== child.pid) process.kill(pid, 'SIGKILL');
    expect(await outcome).toMatchObject({ code: 0, stdout: '' });
  });

  it('an answer still counts', async () => {
    await listen(say(`codepiper 1 answer\n${verdict}\n`));
    expect(await run({ fallback: 'agent' }).outcome).toEqual(allowed);
  });
});
