import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openIngest } from '../../../test/transcripts/ingest-house.ts';
import { type PlainLine, plainFormat } from '../../../test/transcripts/plain-format.ts';
import { verifyTranscripts } from '../verify.ts';
import { entryKey } from './entry-key.ts';

const names = ['a.jsonl', 'b.jsonl', 'agent-x.jsonl'];

const line: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: plainLine() },
  { weight: 1, arbitrary: fc.constantFrom('', 'nonsense', '{"type":"new"}', '[1', '  ') },
);

function plainLine(): fc.Arbitrary<string> {
  return fc
    .record<PlainLine>(
      {
        entries: fc.array(fc.option(fc.nat(30).map((id) => `e${id}`)), { maxLength: 3 }),
        text: fc.constantFrom('word', 'größer', '🙂🙂', '日本語', 'x'.repeat(300)),
        usage: fc.record({
          key: fc.nat(8).map((id) => `r${id}`),
          input: fc.nat(9),
          output: fc.nat(9),
        }),
        model: fc.constantFrom('m1', 'm2'),
        at: fc.nat(1000),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value));
}

/** Bytes of several lines, maybe without the last line's end, maybe cut in the middle of a character. */
const block = fc.tuple(fc.array(line, { minLength: 1, maxLength: 6 }), fc.nat(40)).map(([lines, missing]) => {
  const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));
  return missing < 20 ? bytes : bytes.subarray(0, Math.max(1, bytes.length - (missing - 20)));
});

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), file: fc.nat(2), block }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('truncate' as const), file: fc.nat(2), part: fc.nat(100), block }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const), file: fc.nat(2), block }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), file: fc.nat(2), block }) },
);

interface Inode {
  content: Buffer;
  conversation: string;
}

/** What ought to be known, computed the simple way from every state the files were in. */
class Truth {
  readonly inodes: Inode[] = [];
  readonly at = new Map<string, Inode>();
  readonly responses = new Map<string, string>();

  note(): void {
    for (const inode of this.inodes) {
      for (const { item } of itemsOf(inode.content)) {
        if (item.type !== 'usage') continue;
        const { output, input } = item.tokens;
        const told = `${output}/${input}`;
        const before = this.responses.get(item.key);
        if (before === undefined || told > before) this.responses.set(item.key, told);
      }
    }
  }

  entries(): Map<string, Set<string>> {
    const all = new Map<string, Set<string>>();
    for (const inode of this.inodes) {
      const keys = all.get(inode.conversation) ?? new Set();
      all.set(inode.conversation, keys);
      for (const { item, part, bytes, offset } of itemsOf(inode.content)) {
        if (item.type !== 'entry') continue;
        keys.add(entryKey({ id: item.id, part }, { bytes, offset }).toString('hex'));
      }
    }
    return all;
  }
}

function itemsOf(content: Buffer) {
  const reader = plainFormat.createReader();
  let offset = 0;
  return content
    .subarray(0, content.lastIndexOf(10) + 1)
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .flatMap((text) => {
      const bytes = Buffer.from(text, 'latin1');
      const start = offset;
      offset += bytes.length + 1;
      const decoded = bytes.toString('utf8');
      if (decoded.trim() === '') return [];
      let part = -1;
      return reader.readLine(decoded).line.items.map((item) => {
        if (item.type === 'entry') part += 1;
        return { item, part, bytes, offset: start };
      });
    });
}

describe('ingestion', () => {
  it('knows what the files say, whatever is done to them', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 14 }),
        fc.constantFrom(16, 64, 1024),
        async (actions, bytes) => {
          const directory = mkdtempSync(join(tmpdir(), 'codepiper-ingest-'));
          try {
            using house = openIngest(
              directory,
              { plain: plainFormat },
              { limits: { usageStep: bytes, contentStep: bytes } },
            );
            const truth = new Truth();
            const paths = names.map((name) => join(directory, 'c', name));
            mkdirSync(join(directory, 'c'));
            for (const one of actions) {
              act(one, paths[one.file] ?? '', truth);
              house.readAll(paths);
              truth.note();
            }
            const responses = house.rows<{ key: string; output: number; input: number }>(
              'SELECT key, output, input FROM responses',
            );
            expect(new Map(responses.map((row) => [row.key, `${row.output}/${row.input}`]))).toEqual(
              truth.responses,
            );
            for (const [conversation, keys] of truth.entries()) {
              const stored = house.rows<{ key: string }>(
                `SELECT lower(hex(entry_key)) AS key FROM entries JOIN conversations ON conversations.id = conversation
                 WHERE conversation_id = ?`,
                conversation,
              );
              expect(stored.map((row) => row.key).sort()).toEqual([...keys].sort());
            }
            const verified = await verifyTranscripts(house.db, { plain: plainFormat });
            expect(verified.differences).toEqual([]);
          } finally {
            rmSync(directory, { recursive: true });
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

function act(
  one: typeof action extends fc.Arbitrary<infer Action> ? Action : never,
  path: string,
  truth: Truth,
): void {
  const inode = truth.at.get(path);
  const conversation = path.endsWith('agent-x.jsonl') ? 'c' : path.endsWith('a.jsonl') ? 'a' : 'b';
  if (one.do === 'append' || (one.do !== 'remove' && !inode)) {
    appendFileSync(path, one.block);
    if (inode) inode.content = Buffer.concat([inode.content, one.block]);
    else {
      const made = { content: one.block, conversation };
      truth.inodes.push(made);
      truth.at.set(path, made);
    }
    return;
  }
  if (!inode) return;
  if (one.do === 'truncate') {
    const kept = Math.floor((inode.content.length * one.part) / 101);
    truncateSync(path, kept);
    appendFileSync(path, one.block);
    inode.content = readFileSync(path);
  } else if (one.do === 'replace') {
    writeFileSync(`${path}.new`, one.block);
    renameSync(`${path}.new`, path);
    const made = { content: one.block, conversation };
    truth.inodes.push(made);
    truth.at.set(path, made);
  } else {
    rmSync(path);
    truth.at.delete(path);
  }
}
