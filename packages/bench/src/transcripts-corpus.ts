import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { SeededRandom } from '@codepiper/testkit/faults/random.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';

type Json = Record<string, unknown>;

export interface Corpus {
  /** Folders as the agents have them: `claude-code` and `codex`. */
  directory: string;
  paths: string[];
  bytes: number;
}

const turnsEach = 400;
/** Of the many files of sub-agents; the rest is left out, so that the others are large enough. */
const subAgentShare = 0.01;
/** Turns of the skeleton that make one: an agent calls its model a dozen times until it is done. */
const turnsInOne = 6;
const repository = resolve(import.meta.dirname, '../../..');

/**
 * Writes transcripts of both agents: so many bytes in so many files. Their skeleton is the testkit's; what tools return,
 * what is edited and said, is text of this repository's own sources and documents, in lengths as agents have them:
 * mostly some hundred characters, now and then tens of thousands.
 */
export function writeCorpus(directory: string, size: { bytes: number; files: number }, seed = 1): Corpus {
  const random = new SeededRandom(seed);
  const text = new Text(random);
  const corpus: Corpus = { directory, paths: [], bytes: 0 };
  for (let next = seed; corpus.paths.length < size.files; next += 1) {
    for (const file of generateTranscripts(next, { conversations: 1, turns: turnsEach }).files) {
      if (corpus.paths.length === size.files) break;
      if (file.path.includes('/subagents/') && !random.chance(subAgentShare)) continue;
      const left = size.bytes - corpus.bytes;
      const room = (left / (size.files - corpus.paths.length)) * (0.5 + random.next());
      const last = corpus.paths.length === size.files - 1;
      const content = fill(file.content, last ? left : room, text);
      const path = join(directory, file.agent, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      const at = 1_790_000_000 + corpus.paths.length * 3600;
      utimesSync(path, at, at);
      corpus.paths.push(path);
      corpus.bytes += Buffer.byteLength(content);
    }
  }
  return corpus;
}

/** Lines with more in them, until there is enough; what is missing then comes as one more result of a tool. */
function fill(content: string, room: number, text: Text): string {
  const lines: string[] = [];
  let length = 0;
  const turns = new Turns();
  for (const line of content.split('\n')) {
    if (length >= room) break;
    const json = parse(line);
    if (json && !turns.keeps(json)) continue;
    const fuller = json ? JSON.stringify(enrich(json, text)) : line;
    lines.push(fuller);
    length += fuller.length + 1;
  }
  return `${lines.join('\n')}\n`;
}

/** Makes one long turn of several short ones. */
class Turns {
  #begun = 0;
  #turnId: unknown = null;

  /** Whether the line stays; what names another turn then names the one it is in now. */
  keeps(line: Json): boolean {
    const payload = line.payload as Json | undefined;
    const begins = line.promptSource !== undefined || payload?.type === 'task_started';
    if (begins) this.#begun += 1;
    const isFirst = this.#begun % turnsInOne === 1;
    if (begins && isFirst) this.#turnId = payload?.turn_id;
    if (payload?.turn_id !== undefined && !begins) payload.turn_id = this.#turnId;
    const frame = begins || line.subtype === 'turn_duration' || line.type === 'turn_context';
    return isFirst || !(frame || payload?.type === 'task_complete');
  }
}

function parse(line: string): Json | null {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : null;
  } catch {
    return null;
  }
}

function enrich(line: Json, text: Text): Json {
  const message = line.message as { content?: unknown } | undefined;
  if (Array.isArray(message?.content)) {
    for (const block of message.content as Json[]) enrichBlock(block, line, text);
  }
  const payload = line.payload as Json | undefined;
  if (payload) enrichPayload(payload, text);
  return line;
}

function enrichBlock(block: Json, line: Json, text: Text): void {
  if (block.type === 'tool_result') {
    block.content = text.slice(100, 60_000);
    // Claude Code writes every result twice.
    line.toolUseResult = { stdout: block.content, stderr: '', interrupted: false };
  } else if (block.type === 'text') block.text = text.slice(40, 3000);
  else if (block.type === 'thinking') {
    block.thinking = text.slice(40, 1500);
    block.signature = text.noise(300, 3000);
  } else if (block.type === 'tool_use' && block.name === 'Bash' && text.random.chance(0.3)) {
    block.name = 'Edit';
    const path = `/home/dev/repo/${text.path()}`;
    block.input = { file_path: path, old_string: text.slice(80, 4000), new_string: text.slice(80, 4000) };
  }
}

function enrichPayload(payload: Json, text: Text): void {
  if (payload.type === 'function_call_output') payload.output = `${payload.output}${text.last}`;
  else if (payload.type === 'reasoning') payload.encrypted_content = text.noise(300, 4000);
  const item = payload.item as Json | undefined;
  if (item?.type === 'CommandExecution') {
    text.last = text.slice(100, 60_000);
    item.aggregated_output = `${item.aggregated_output}${text.last}`;
  } else if (item?.type === 'Reasoning') item.summary_text = [text.slice(40, 1500)];
  else if (item?.type === 'AgentMessage') item.content = [{ type: 'Text', text: text.slice(40, 3000) }];
}

const sourceNames = new Set(['.ts', '.md', '.json', '.sh', '.txt']);

/** Passages of the repository's own files. */
class Text {
  readonly random: SeededRandom;
  readonly #paths: string[] = [];
  readonly #all: string;
  /** What the next line says again. */
  last = '';

  constructor(random: SeededRandom) {
    this.random = random;
    const texts: string[] = [];
    for (const folder of ['packages', 'docs', 'e2e', 'scripts']) this.#collect(folder, texts);
    this.#all = texts.join('\n');
  }

  path(): string {
    return this.random.pick(this.#paths);
  }

  /** Of a length between two, short ones oftener; with a hash, a number and a path as results of tools have them. */
  slice(low: number, high: number): string {
    const length = this.#length(low, high);
    const pieces: string[] = [];
    for (let left = length; left > 0; left -= 2000) {
      const from = this.random.int(0, this.#all.length - 2001);
      const hash = this.random.int(0, 2 ** 31).toString(16);
      pieces.push(`${this.path()}:${this.random.int(1, 400)} ${hash}\n`);
      pieces.push(this.#all.slice(from, from + Math.min(left, 2000)));
    }
    return pieces.join('');
  }

  /** What nobody can read: signatures, encrypted thinking. */
  noise(low: number, high: number): string {
    const bytes = Buffer.alloc(this.#length(low, high));
    for (let at = 0; at + 4 <= bytes.length; at += 4)
      bytes.writeUInt32LE(this.random.int(0, 2 ** 32 - 1), at);
    return bytes.toString('base64').slice(0, bytes.length);
  }

  #length(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.random.next());
  }

  #collect(folder: string, texts: string[]): void {
    for (const child of readdirSync(join(repository, folder), { withFileTypes: true })) {
      const path = `${folder}/${child.name}`;
      if (child.isDirectory()) {
        if (!['node_modules', 'dist', '.types'].includes(child.name)) this.#collect(path, texts);
      } else if (sourceNames.has(extname(child.name))) {
        this.#paths.push(path);
        texts.push(readFileSync(join(repository, path), 'utf8'));
      }
    }
  }
}
