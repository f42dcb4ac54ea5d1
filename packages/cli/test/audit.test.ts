import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Decision } from '@codepiper/core/audit/decision.ts';
import { toCsv } from '@codepiper/core/csv.ts';
import { openDatabase } from '@codepiper/daemon/db/open.ts';
import { silentLog } from '@codepiper/daemon/log/log.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aSession, type FakeDaemon, sessionId, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

const rule = { policyId: 'careful', policyName: 'Careful', index: 3, reason: null };

function aDecision(seq: number, over: Partial<Decision> = {}): Decision {
  return {
    seq,
    at: '2026-11-21T11:55:00.000Z',
    sessionId,
    sessionName: 'review',
    provider: 'claude-code',
    decision: 'deny',
    by: 'rule',
    who: null,
    tool: 'Bash',
    toolKind: 'shell',
    callId: 'call-1',
    inputHash: 'f'.repeat(64),
    input: { command: 'ls && git push' },
    cwd: '/home/ada/app',
    rule,
    reason: 'no pushing',
    parts: [
      { kind: 'shell', text: 'ls', action: 'allow', basis: 'rule', rule, why: 'reading is fine' },
      { kind: 'shell', text: 'git push', action: 'deny', basis: 'rule', rule, why: 'no pushing' },
    ],
    approvalId: null,
    latencyMs: 0.812,
    hash: 'a'.repeat(64),
    ...over,
  };
}

let daemon: FakeDaemon;
/** The whole trail, newest first. */
let trail: Decision[];
beforeAll(async () => {
  daemon = await startFakeDaemon();
  daemon
    .on('GET /sessions/review', () => ({ session: aSession({ name: 'review' }) }))
    .on('GET /policy-decisions', ({ query }) => {
      const limit = Number(query.limit);
      const found = trail.filter(({ seq }) => query.before === undefined || seq < Number(query.before));
      return { decisions: found.slice(0, limit), hasMore: found.length > limit };
    });
});
afterAll(() => daemon[Symbol.asyncDispose]());
beforeEach(() => {
  daemon.asked.length = 0;
  trail = [aDecision(2, { decision: 'allow', by: 'user', who: 'cli' }), aDecision(1)];
});

const run = (line: string, options: RunOptions = {}) =>
  cli(line.split(' '), { socket: daemon.socket, ...options });

describe('audit', () => {
  it('shows the newest last, with what was called', async () => {
    const { code, out } = await run('audit');
    expect(code).toBe(0);
    const [titles, first, second] = out.split('\n');
    expect(titles).toMatch(/^ENTRY +AGE +SESSION +DECISION +BY +TOOL +CALL +REASON$/);
    expect(first).toMatch(/^1 +5m +review +deny +rule +Bash +ls; git push +no pushing$/);
    expect(second).toMatch(/^2 +5m +review +allow +user \(cli\) /);
  });

  it('hands filters on: names of sessions as ids, ages as times', async () => {
    await run('audit --session review --decision deny --tool shell --since 2h --limit 7');
    expect(daemon.asked.at(-1)?.query).toEqual({
      sessionId,
      decision: 'deny',
      tool: 'shell',
      since: '2026-11-21T10:00:00.000Z',
      limit: '7',
    });
    await run('audit --since 2026-11-20T00:00:00+02:00');
    expect(daemon.asked.at(-1)?.query).toEqual({ since: '2026-11-19T22:00:00.000Z', limit: '50' });
  });

  it('knows a session that is gone by its whole id', async () => {
    const gone = '00000000-1111-4222-8333-444455556666';
    expect((await run(`audit --session ${gone}`)).code).toBe(0);
    expect(daemon.asked.map(({ path }) => path)).toEqual(['/policy-decisions']);
    expect((await run('audit --session nobody')).code).toBe(4);
  });

  it('asks for as many pages as it takes', async () => {
    trail = Array.from({ length: 2500 }, (_, i) => aDecision(2500 - i));
    const { out } = await run('audit --limit 2200 --json');
    expect((JSON.parse(out) as Decision[]).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 2200 }, (_, i) => i + 301),
    );
    expect(daemon.asked.map(({ query }) => query.limit)).toEqual(['1000', '1000', '200']);
  });

  it('has all of it for programs, and the newest 50 for people', async () => {
    trail = Array.from({ length: 1200 }, (_, i) => aDecision(1200 - i));
    expect(JSON.parse((await run('audit --json')).out)).toHaveLength(1200);
    const csv = (await run('audit --csv')).out.trimEnd().split('\r\n');
    expect(csv).toHaveLength(1201);
    expect(csv[1]).toMatch(/^1,/);
    expect((await run('audit --csv --limit 3')).out.trimEnd().split('\r\n')).toHaveLength(4);
    expect((await run('audit')).out.trimEnd().split('\n')).toHaveLength(51);
  });

  it('stays readable in a pipe, whatever was called or changed', async () => {
    const input = { id: 'mine', rules: [{ action: 'deny', args: { command: 'x'.repeat(5000) } }] };
    trail = [
      aDecision(3, { decision: 'change', tool: null, parts: [], input }),
      aDecision(2, { parts: [], input: { command: 'two\nlines '.repeat(500) } }),
      aDecision(1, {
        decision: 'change',
        tool: null,
        parts: [],
        input: { policySets: ['ci'], policyDefault: null },
      }),
    ];
    const lines = (await run('audit')).out.trimEnd().split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(200);
    expect(lines[1]).toMatch(/ policySets ci +no pushing$/);
    expect(lines[3]).toMatch(/ mine +no pushing$/);
  });

  it('says on stderr that nothing matches', async () => {
    trail = [];
    expect(await run('audit --tool Bsh --csv')).toMatchObject({
      code: 0,
      err: 'Nothing in the audit trail matches --tool Bsh.\n',
    });
  });

  it('says so on a terminal when there is nothing', async () => {
    trail = [];
    expect((await run('audit', { isTTY: { stdout: true } })).out).toBe('No entries.\n');
    expect((await run('audit')).out).toBe('');
    expect((await run('audit --json')).out).toBe('[]\n');
  });

  it('lets nothing of an agent steer the terminal', async () => {
    trail = [aDecision(1, { reason: 'x\x1b[2J', tool: '\x07' })];
    const { out } = await run('audit');
    expect(out).toContain('x\\x1b[2J');
    expect([...out].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
  });

  it('refuses what belongs elsewhere', async () => {
    for (const [line, says] of [
      ['audit verify --csv', /belongs to the list/],
      ['audit --db x', /belongs to audit verify/],
      ['audit shwo 1', /Did you mean show/],
      ['audit --since 1y', /--since is "1y"/],
      ['audit --csv --json', /exclude/],
    ] as const) {
      const { code, err } = await run(line);
      expect({ line, code }).toEqual({ line, code: 2 });
      expect(err).toMatch(says);
    }
  });
});

describe('audit --csv', () => {
  it('has a line for each entry that a spreadsheet takes for text', async () => {
    trail = [aDecision(1, { reason: '=HYPERLINK("http://x")', tool: '+1', sessionName: '-a', callId: '@b' })];
    const { out } = await run('audit --csv');
    const [titles, row] = out.split('\r\n');
    expect(titles?.split(',').slice(0, 4)).toEqual(['seq', 'at', 'sessionId', 'sessionName']);
    expect(row).toContain(`,"'=HYPERLINK(""http://x"")",`);
    expect(row).toContain(`,'+1,`);
    expect(row).toContain(`,'-a,`);
    expect(row).toContain(`,'@b,`);
  });

  it('is RFC 4180', () => {
    expect(
      toCsv([
        ['a,b', 'say "x"', 'two\nlines', ''],
        ['plain', '\t=1', "'", 'x=y'],
      ]),
    ).toBe(`"a,b","say ""x""","two\nlines",\r\nplain,'\t=1,',x=y\r\n`);
  });
});

describe('audit show', () => {
  it('has every part with its rule', async () => {
    const { out } = await run('audit show 1');
    expect(out).toMatch(/^decision +deny$/m);
    expect(out).toMatch(/^rule +rule 4 of Careful \(careful\)$/m);
    expect(out).toMatch(/^directory +~\/app$/m);
    expect(out).toMatch(/^ {2}allow +shell +ls$/m);
    expect(out).toMatch(/^ {2}deny +shell +git push\n +no pushing \[rule 4 of Careful \(careful\)\]$/m);
    expect(JSON.parse((await run('audit show 1 --json')).out)).toEqual(trail[1]);
  });

  it('exits with 4 for an entry that is not there', async () => {
    const { code, err } = await run('audit show 3');
    expect(code).toBe(4);
    expect(err).toMatch(/no entry 3/);
  });
});

describe('audit verify', () => {
  let temp: TempDir;
  let home: string;
  const away = { socket: '/nonexistent' };
  beforeAll(async () => {
    temp = await makeTempDir();
    home = join(temp.path, 'home');
    mkdirSync(home);
    await using _made = await openDatabase(join(home, 'codepiper.db'), {
      log: silentLog,
      clock: { now: () => 0 },
    });
  });
  afterAll(() => temp[Symbol.asyncDispose]());

  it('needs no daemon, and finds the database of the home', async () => {
    const { code, out } = await run('audit verify', { ...away, env: { CODEPIPER_HOME: home } });
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^intact\ndatabase .*\nentries +0\n/),
    });
  });

  it('exits with 1 for one that was changed, and names the entry', async () => {
    const path = join(temp.path, 'other.db');
    copyFileSync(join(home, 'codepiper.db'), path);
    await using opened = await openDatabase(path, { log: silentLog, clock: { now: () => 0 } });
    opened.sqlite.exec(
      `INSERT INTO decisions (seq, at, decision, "by", reason, parts, hash) VALUES (2, 0, 'allow', 'user', 'x', '[]', 'y')`,
    );
    const { code, out } = await run('audit verify --db other.db', { ...away, cwd: temp.path });
    expect(code).toBe(1);
    expect(out).toMatch(/^broken at entry 1: entry 1 is missing\n/);
    expect(out).toMatch(/^ {2}entry 2: the entry does not fit its hash/m);
    const json = await run(`audit verify --db ${path} --json`, away);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      intact: false,
      entries: 1,
      last: { seq: 2, at: '1970-01-01T00:00:00.000Z' },
      findingCount: 2,
    });
  });

  it('misses a head that was noted and is gone', async () => {
    const env = { CODEPIPER_HOME: home };
    const { code, out } = await run(`audit verify --expect 5:${'a'.repeat(64)}`, { ...away, env });
    expect(code).toBe(1);
    expect(out).toMatch(/^broken at entry 1: entries 1 to 5 are gone/);
  });

  it('says what it cannot read', async () => {
    const { code, err } = await run('audit verify --db /nonexistent/x.db', away);
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('There is no database at') });
  });
});
