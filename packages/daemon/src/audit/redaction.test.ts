import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditHouse, openAuditHouse } from '../../test/audit-house.ts';
import { createRedaction } from './redaction.ts';

const redaction = createRedaction((secret) =>
  Buffer.from(secret).toString('hex').slice(0, 16).padEnd(16, '0'),
);

// Put together, so that no scanner of this repository takes them for real ones.
const j = (...pieces: string[]) => pieces.join('');
const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
const keyBlock = j('-----BEGIN ', 'PRIVATE KEY-----\n', body, '\n-----END ', 'PRIVATE KEY-----');

/** Commands and contents with a secret, and the secret. */
const secrets: [text: string, secret: string][] = [
  ['curl -H "Authorization: Bearer abcdef123456" x', 'abcdef123456'],
  ['curl -H "Authorization: token abcdef123456" x', 'abcdef123456'],
  ["curl -H 'authorization: Basic dXNlcjpwYXNz' x", 'dXNlcjpwYXNz'],
  ["curl -H 'X-Api-Key: 11aa22bb' x", '11aa22bb'],
  ["curl -H 'PRIVATE-TOKEN: 11aa22bb' x", '11aa22bb'],
  ["curl -b x -H 'Cookie: sid=9f8e7d; other=1'", '9f8e7d'],
  ['curl -u ada:hunter2 https://x', 'hunter2'],
  ['curl --user ada:hunter2 https://x', 'hunter2'],
  ['export API_KEY=hunter2', 'hunter2'],
  ['GITHUB_TOKEN=hunter2 gh pr list', 'hunter2'],
  ["PGPASSWORD='hun ter2' psql", 'hun ter2'],
  ['db_password: hunter2', 'hunter2'],
  ['"clientSecret": "hunter2"', 'hunter2'],
  ['{\\"client_secret\\":\\"hunter2\\"}', 'hunter2'],
  ['password = "hunter2"', 'hunter2'],
  ['x --password hunter2', 'hunter2'],
  ['x --api-key=hunter2', 'hunter2'],
  ['x --token "hunter 2"', 'hunter 2'],
  ['https://x/?a=1&access_token=hunter2&b=2', 'hunter2'],
  ['mysql -uroot -phunter2 db', 'hunter2'],
  ['sshpass -p hunter2 ssh x', 'hunter2'],
  ['redis-cli -h x -a hunter2 ping', 'hunter2'],
  ['git clone https://ada:hunter2@example.com/x.git', 'hunter2'],
  ['git clone https://0123456789abcdef@example.com/x.git', '0123456789abcdef'],
  ['psql postgres://ada:hun/te@r2@db/x', 'hun/te@r2'],
  ['mongodb+srv://ada:hunter2@c0.mongodb.net', 'hunter2'],
  ['Server=x;Database=y;Password=hunter2;Encrypt=1', 'hunter2'],
  ['AccountName=x;AccountKey=aGVsbG8=;EndpointSuffix=y', 'aGVsbG8='],
  [`cat > k <<E\n${keyBlock}\nE`, body],
  [`echo "${keyBlock.slice(0, 50)}`, body.slice(0, 10)],
  [j('aws configure set x ', 'AKIA', 'IOSFODNN7EXAMPLE'), j('AKIA', 'IOSFODNN7EXAMPLE')],
  [
    j('aws_x wJalrXUtnFEMI', '/K7MDENG/bPxRfiCYEXAMPLEKEY end'),
    j('wJalrXUtnFEMI', '/K7MDENG/bPxRfiCYEXAMPLEKEY'),
  ],
  [j('echo ', 'eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxIn0.dozjgNryP4J3'), 'eyJzdWIiOiIxIn0'],
  ...[
    j('gh', 'p_', 'A'.repeat(36)),
    j('github', '_pat_', 'A1'.repeat(20)),
    j('gl', 'pat-', 'A1'.repeat(10)),
    j('s', 'k-ant-', 'A1'.repeat(20)),
    j('s', 'k_live_', 'A1'.repeat(12)),
    j('xox', 'b-', '12345678901-abc'),
    j('AI', 'za', 'B'.repeat(35)),
    j('np', 'm_', 'c'.repeat(36)),
  ].map((token): [string, string] => [`echo ${token} | x`, token]),
];

describe('a text', () => {
  it.each(secrets)('%s', (text, secret) => {
    const clean = redaction.text(text);
    expect(clean).not.toContain(secret);
    expect(clean).toMatch(/\[redacted:[0-9a-f]{16}\]/);
    expect(redaction.text(clean)).toBe(clean);
  });

  it.each([
    'git push origin main',
    'npm test -- --grep "token parser"',
    'const token = $(cat token)',
    'TOKEN=$TOKEN gh pr list',
    'gh auth login --with-token < file',
    'docker run -u 1000:1000 x',
    'ssh git@github.com',
    'git clone ssh://git@github.com/x/y.git',
    'curl https://example.com/a?page=2#top',
    'git show 0123456789abcdef0123456789abcdef01234567',
    'password: string',
    'max_tokens=100',
    'ls -la /home/ada/keys/token.txt',
    'for key in a b; do echo "$key"; done',
    'mysql -p -u root',
  ])('is left alone without one: %s', (text) => {
    expect(redaction.text(text)).toBe(text);
  });

  it('has the same mark for the same secret, however it is written', () => {
    const marks = ['TOKEN=hunter2', 'x --token "hunter2"', 'curl -H "X-Auth-Token: hunter2"'].map(
      (text) => /\[redacted:.*?\]/.exec(redaction.text(text))?.[0],
    );
    expect(new Set(marks).size).toBe(1);
    expect(redaction.text('TOKEN=hunter3')).not.toContain(marks[0]);
  });

  it('takes no longer for one that is made to', () => {
    const hostile = [
      'a.'.repeat(40_000),
      'curl '.repeat(16_000),
      'eyJ-'.repeat(20_000),
      'eyJaaaaa.'.repeat(9000),
      '-----BEGIN PRIVATE KEY-----'.repeat(3000),
      'http://'.repeat(11_000),
      'a:b@'.repeat(20_000),
      'postgres://a:'.repeat(6000),
      'mysql mysql -'.repeat(6000),
      'key="'.repeat(16_000),
      'password='.repeat(9000),
      'x-a-a-a-a-'.repeat(8000),
      `${'-'.repeat(80_000)}`,
      `Authorization:${' '.repeat(80_000)}`,
      `PASSWORD${' '.repeat(80_000)}`,
      'a'.repeat(80_000),
      'password'.repeat(10_000),
      'aws '.concat('A/'.repeat(40_000)),
    ];
    const before = process.cpuUsage();
    for (const text of hostile) redaction.text(text);
    // Quadratic ones take minutes.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
  });

  it('bears anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof redaction.text(text)).toBe('string');
      }),
    );
  });
});

describe('an input', () => {
  it('loses what its names say is secret, whatever it looks like', () => {
    const clean = JSON.stringify(
      redaction.input({
        password: 'x1',
        pin: 4,
        auth: { apiKey: 'x2', 'x-api-key': 'x3', nested: [{ accessToken: ['x4', { deep: 'x5' }] }] },
        credentials: { user: 'x6' },
        env: { HARMLESS: 'x7' },
        passcode: 12345,
        max_tokens: 7,
        key: 'Enter',
        note: 'plain',
      }),
    );
    expect(clean).not.toMatch(/"x\d"|12345/);
    expect(clean).toContain('"max_tokens":7,"key":"Enter","note":"plain"');
  });

  it('has long contents cut, with their length and hash, and commands whole', () => {
    const content = 'x'.repeat(5000);
    const command = `echo ${'y'.repeat(20_000)}`;
    const clean = redaction.input({ file_path: '/a', content, command });
    expect(clean.content).toMatch(/^x{4096}… \[cut: 5000 bytes, sha256 [0-9a-f]{64}\]$/);
    expect(clean.command).toBe(command);
    expect(String(redaction.input({ command: `*** Begin Patch\n${content}` }).command)).toContain('[cut: ');
    expect(String(redaction.input({ command: command.repeat(10) }).command)).toContain('[cut: ');
    expect(redaction.input({ list: Array.from({ length: 30_000 }, () => 'a line of it') })).toEqual({
      cut: expect.stringContaining('bytes, sha256'),
    });
  });

  it('loses a secret that lies across the cut', () => {
    const content = `${'x'.repeat(4080)}\nTOKEN=hunter2hunter2hunter2`;
    expect(JSON.stringify(redaction.input({ content }))).not.toContain('hunter2');
  });

  it('bears deep ones', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 100; i++) deep = { deep };
    expect(JSON.stringify(redaction.input({ deep }))).toContain('[deep]');
  });
});

describe('the trail', () => {
  it('has no secret in any column of the row', async () => {
    await using house: AuditHouse = await openAuditHouse();
    for (const [text] of secrets) {
      const rule = { policyId: 'p', policyName: 'p', index: 0, reason: text };
      await house.add({
        input: { command: text, content: text, list: [text], [text]: 1 },
        reason: text,
        rule,
        parts: [{ kind: 'shell', text, action: 'ask', basis: 'unknown', rule, why: text }],
      });
    }
    const rows = house.open.sqlite.prepare('SELECT * FROM decisions ORDER BY seq').all();
    const leaks = secrets.filter(([, secret], i) =>
      JSON.stringify(rows[i]).includes(JSON.stringify(secret).slice(1, -1)),
    );
    expect(leaks).toEqual([]);
  });

  it('has marks of its own key', async () => {
    await using one = await openAuditHouse();
    await using two = await openAuditHouse();
    const mark = (house: AuditHouse) => house.audit.redactInput({ command: 'TOKEN=hunter2 x' }).command;
    expect(mark(one)).toMatch(/^TOKEN=\[redacted:[0-9a-f]{16}\] x$/);
    expect(mark(one)).toBe(mark(one));
    expect(mark(one)).not.toBe(mark(two));
  });
});
