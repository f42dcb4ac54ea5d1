import type { Entry } from '../conversation.ts';
import {
  beginnings,
  conversationFacts,
  documentTitle,
  type ExportRenderer,
  entryFacts,
  entryTitle,
  timeText,
  turnText,
  usageTable,
  visible,
} from './document.ts';

/**
 * Markdown as CommonMark and GitHub read it. What was said stands in quotes, so that its own Markdown is shown and
 * ends where it ends; what could do more than that, and everything of tools, stands in fences.
 */
export const markdownExport: ExportRenderer = {
  contentType: 'text/markdown; charset=utf-8',
  head(head) {
    const about = [
      `Exported ${timeText(head.exportedAt)}${head.redacted ? ', secrets replaced' : ''}.`,
      ...(head.session === null ? [] : [`Session ${inline(head.session.id)}.`]),
    ];
    const facts = head.conversations.map((conversation) =>
      conversationFacts(conversation)
        .map(([name, value]) => `- ${name}: ${inline(value)}\n`)
        .join(''),
    );
    return [`# ${inline(documentTitle(head))}\n`, `${about.join(' ')}\n`, ...facts].join('\n');
  },
  entry(exported, before) {
    const { entry, conversation } = exported;
    const { isConversation, turn } = beginnings(exported, before);
    const title = conversation.title ?? `Conversation ${conversation.conversationId}`;
    return [
      ...(isConversation ? [`## ${inline(title)}`] : []),
      ...(turn ? [turnHeading(turnText(turn))] : []),
      `#### ${[entryTitle(entry), ...entryFacts(entry)].map(inline).join(' · ')}`,
      ...body(entry),
    ]
      .map((block) => `\n${block}\n`)
      .join('');
  },
  tail({ entries, usage }) {
    const head = `\n## Total\n\n${entries} ${entries === 1 ? 'entry' : 'entries'}.\n`;
    if (usage === null) return head;
    const [titles = [], ...rows] = usageTable(usage);
    const line = (cells: readonly string[]) => `| ${cells.map(inline).join(' | ')} |\n`;
    const rule = `| ${titles.map((_, i) => (i === 0 ? '---' : '---:')).join(' | ')} |\n`;
    return `${head}\n${line(titles)}${rule}${rows.map(line).join('')}`;
  },
};

function turnHeading({ title, facts }: ReturnType<typeof turnText>): string {
  return `### ${[title, ...facts].join(' · ')}`;
}

function body(entry: Entry): string[] {
  const text = visible(entry.text);
  const path = entry.kind === 'tool_call' && entry.path !== null ? [`File: ${inline(entry.path)}`] : [];
  if (text === '') return path;
  const isSaid = ['prompt', 'answer', 'thinking', 'compaction', 'notice'].includes(entry.kind);
  return [...path, isSaid && isHarmless(text) ? quoted(text) : fenced(text)];
}

/**
 * Whether a text may be shown as the Markdown it is: it has no HTML, loads no picture, and defines nothing that counts
 * in the whole document.
 */
function isHarmless(text: string): boolean {
  return !/<[a-z/!?]|!\[|\]:/i.test(text);
}

/** A quote ends with its last line, whatever is in it. */
function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n');
}

/** Between fences that are longer than any in the text. */
function fenced(text: string): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

/** A text within a line that means itself. */
function inline(text: string): string {
  return visible(text)
    .replaceAll(/[\n\t ]+/g, ' ')
    .trim()
    .replaceAll(/[\\`*_{}[\]()#+!<>|~&$^=]/g, '\\$&');
}
