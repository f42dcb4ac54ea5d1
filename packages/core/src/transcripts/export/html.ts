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
import { htmlStyle } from './html-style.ts';

/** SHA-256 of `htmlStyle`: nothing else in the page may style it, load anything or run. */
const styleHash = '9xFbFUz7faLh9u/Xyz4CVZ4c7ULyCJdd6tRq8I/dsxw=';
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;

/** Texts longer than this, in lines or characters, are folded up. */
const foldedLines = 12;
const foldedLength = 1500;

/** One page in one file: no script, nothing loaded from elsewhere. Every entry has an address, `#e<id>`. */
export const htmlExport: ExportRenderer = {
  contentType: 'text/html; charset=utf-8',
  head(head) {
    const title = shown(documentTitle(head));
    const about = `Exported ${shown(timeText(head.exportedAt))}${head.redacted ? ', secrets replaced' : ''}.`;
    const session = head.session === null ? '' : ` Session ${shown(head.session.id)}.`;
    const facts = head.conversations.map(
      (conversation) => `<dl>${conversationFacts(conversation).map(fact).join('')}</dl>\n`,
    );
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="codepiper">
<title>${title}</title>
<style>${htmlStyle}</style>
</head>
<body>
<h1>${title}</h1>
<p>${about}${session}</p>
${facts.join('')}<main>
`;
  },
  entry(exported, before) {
    const { entry, conversation } = exported;
    const { isConversation, turn } = beginnings(exported, before);
    const title = conversation.title ?? `Conversation ${conversation.conversationId}`;
    return [
      // What the document is called needs no second heading.
      isConversation && before !== null ? `<h2>${shown(title)}</h2>\n` : '',
      turn ? turnHeading(turnText(turn)) : '',
      article(entry),
    ].join('');
  },
  tail({ entries, usage }) {
    const count = `<p>${entries} ${entries === 1 ? 'entry' : 'entries'}.</p>\n`;
    return `</main>\n<footer>\n<h2>Total</h2>\n${count}${usage === null ? '' : table(usageTable(usage))}</footer>\n</body>\n</html>\n`;
  },
};

function fact([name, value]: readonly [string, string]): string {
  return `<dt>${shown(name)}</dt><dd>${shown(value)}</dd>`;
}

function turnHeading({ title, facts }: ReturnType<typeof turnText>): string {
  return `<h3>${shown(title)} <small>${shown(facts.join(' · '))}</small></h3>\n`;
}

function article(entry: Entry): string {
  const { id, kind, agentId, outcome, isError } = entry;
  const hasFailed = isError || (kind === 'tool_call' && (outcome === 'error' || outcome === 'denied'));
  const classes = [kind, ...(agentId === null ? [] : ['sub']), ...(hasFailed ? ['failed'] : [])];
  const facts = entryFacts(entry).join(' · ');
  const heading = `<a href="#e${id}">${shown(entryTitle(entry))}</a> <small>${shown(facts)}</small>${callLink(entry)}`;
  return `<article id="e${id}" class="${classes.join(' ')}">\n<h4>${heading}</h4>\n${body(entry)}</article>\n`;
}

/** A call has an address of its own, to which its result leads. */
function callLink({ kind, callId, conversation }: Entry): string {
  if (callId === null || (kind !== 'tool_call' && kind !== 'tool_result')) return '';
  const name = `c${conversation}-${encodeURIComponent(callId.toWellFormed()).replaceAll("'", '%27')}`;
  return kind === 'tool_call' ? `<a id="${name}"></a>` : ` <a href="#${name}">↑ call</a>`;
}

function body({ kind, path, text: whole }: Entry): string {
  const text = visible(whole);
  const file = kind === 'tool_call' && path !== null ? `<p>File: ${shown(path)}</p>\n` : '';
  if (text === '') return file;
  const block = `<div class="text" dir="auto">${escapeVisible(text)}</div>\n`;
  const label = foldLabel(kind, text);
  return label === null ? file + block : `${file}<details><summary>${label}</summary>\n${block}</details>\n`;
}

/** What stands for a text that is folded up; null for one that is not. */
function foldLabel(kind: Entry['kind'], text: string): string | null {
  if (kind === 'thinking') return 'Show';
  if (kind === 'prompt' || kind === 'answer' || kind === 'error') return null;
  const lines = countLines(text);
  if (lines <= foldedLines && text.length <= foldedLength) return null;
  return lines === 1 ? `${text.length} characters` : `${lines} lines`;
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function table([titles = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map((cell) => `<${tag}>${shown(cell)}</${tag}>`).join('')}</tr>\n`;
  return `<table>\n${line(titles, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>\n`;
}

function shown(text: string): string {
  return escapeVisible(visible(text));
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeVisible(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => references[character] ?? '');
}
