import type { Client } from '@codepiper/client/client.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { Context } from '../context.ts';
import { localDay, localTime } from '../local-time.ts';
import { type Colour, clean, displayWidth, truncate } from '../output.ts';

/** Longest texts that are asked for to be shown to people, and to programs. */
export const shownText = 20_000;
export const wholeText = 1_000_000;

/** Lines of a tool's result that are shown, and of a thought. */
const resultLines = 4;
const thinkingLines = 6;
/** Columns that the name of a tool takes. */
const longestTool = 60;
/** Where the terminal does not say how wide it is. */
const usualWidth = 160;

const labels: Readonly<Record<Entry['kind'], string>> = {
  prompt: 'prompt',
  answer: 'answer',
  thinking: 'thinking',
  tool_call: 'call',
  tool_result: 'result',
  attachment: 'attached',
  compaction: 'compacted',
  error: 'error',
  notice: 'notice',
};
const labelWidth = Math.max(...Object.values(labels).map((label) => label.length));
const colours: Partial<Record<Entry['kind'], Colour>> = {
  prompt: 'bold',
  thinking: 'dim',
  tool_result: 'dim',
  attachment: 'dim',
  compaction: 'yellow',
  error: 'red',
  notice: 'dim',
};
const outcomeColours: Readonly<Record<string, Colour>> = { error: 'red', denied: 'yellow' };

/** Writes entries for people, one after the other: a line with the date where a day begins, sub-agents indented. */
export class EntryWriter {
  readonly #context: Context;
  readonly #client: Client;
  /** Agent's ids of conversations that sub-agents have to themselves; null for the others. */
  readonly #subAgents = new Map<number, string | null>();
  #day = '';

  /** @param own conversations that are shown for themselves, whoever started them */
  constructor(context: Context, client: Client, own: readonly Conversation[] = []) {
    this.#context = context;
    this.#client = client;
    for (const { id } of own) this.#subAgents.set(id, null);
  }

  async write(entry: Entry): Promise<string> {
    const { io, paint } = this.#context;
    const agent = entry.agentId ?? (await this.#subAgent(entry.conversation));
    const at = entry.at === null ? null : new Date(entry.at);
    const day = at === null ? this.#day : localDay(at);
    const heading = day === this.#day ? '' : `${paint(day, 'dim')}\n`;
    this.#day = day;
    const time = at === null ? ' '.repeat(8) : localTime(at);
    const label = labels[entry.kind].padEnd(labelWidth);
    const indent = agent === null ? '' : '  ';
    const tag = agent === null ? '' : `[${clean(agent.slice(0, 8))}] `;
    const margin = time.length + 2 + indent.length + labelWidth + 2;
    const room = Math.max(40, (io.columns ?? usualWidth) - margin);
    const colour = colours[entry.kind];
    const [first = '', ...rest] = this.#body(entry, room - displayWidth(tag)).map((line) =>
      colour ? paint(line, colour) : line,
    );
    const head = `${paint(time, 'dim')}  ${indent}${colour ? paint(label, colour) : label}  ${paint(tag, 'dim')}`;
    const lines = rest.map((line) => (line === '' ? '' : `${' '.repeat(margin)}${line}`));
    return `${heading}${[`${head}${first}`.trimEnd(), ...lines].join('\n')}\n`;
  }

  #body(entry: Entry, room: number): string[] {
    const { paint } = this.#context;
    const lines = linesOf(entry.text);
    switch (entry.kind) {
      case 'tool_call': {
        const unanswered = entry.outcome === 'running' ? paint(' (no result yet)', 'dim') : '';
        const tool = toolName(entry.tool) || 'tool';
        const input = truncate(lines.join(' ⏎ '), Math.max(20, room - displayWidth(tool) - 1));
        return [`${paint(tool, 'bold')} ${input}${unanswered}`];
      }
      case 'tool_result': {
        const outcome = outcomeText(entry);
        const colour = outcomeColours[entry.outcome ?? ''];
        return [colour ? paint(outcome, colour) : outcome, ...beginning(lines, resultLines, room)];
      }
      case 'thinking':
        return beginning(lines, thinkingLines, room);
      case 'attachment':
        return beginning(lines, 1, room);
      default:
        return entry.length !== null && entry.length > entry.text.length
          ? [...lines, paint(`… ${entry.length - entry.text.length} more characters`, 'dim')]
          : lines;
    }
  }

  /** The agent's id of a conversation that another agent started; null of others. */
  async #subAgent(id: number): Promise<string | null> {
    const known = this.#subAgents.get(id);
    if (known !== undefined) return known;
    const { conversation } = await this.#client.request('GET', '/conversations/:conversation', {
      params: { conversation: String(id) },
    });
    const found = conversation.parent === null ? null : conversation.conversationId;
    this.#subAgents.set(id, found);
    return found;
  }
}

/** `Bash ok, 1.2 s`. */
function outcomeText({ tool, outcome, durationMs }: Entry): string {
  const took = durationMs === null ? '' : `, ${duration(durationMs)}`;
  return `${toolName(tool)} ${outcome ?? 'ok'}${took}`.trimStart();
}

/** Names of tools come from whoever wrote the tool. */
function toolName(tool: string | null): string {
  return truncate(clean(tool ?? ''), longestTool);
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const seconds = ms / 1000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
}

/** The first lines, each within the room, and how many more there are. */
function beginning(lines: readonly string[], most: number, room: number): string[] {
  const shown = lines.slice(0, most).map((line) => truncate(line, room));
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, `… ${more} more ${more === 1 ? 'line' : 'lines'}`] : shown;
}

/** A text's lines, safe to print; without empty ones at its end. */
function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map((line) => clean(line.replaceAll('\t', '    ')));
}
