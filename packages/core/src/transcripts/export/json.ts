import { jsonText } from '../../json-text.ts';
import type { ExportRenderer } from './document.ts';

/**
 * One JSON object: `conversations` and `entries` as the API gives them, entries with their whole texts, one to a line,
 * then what was used.
 */
export const jsonExport: ExportRenderer = {
  contentType: 'application/json; charset=utf-8',
  head: ({ exportedAt, redacted, session, conversations }) => {
    const facts = {
      format: 'codepiper-conversation',
      version: 1,
      exportedAt,
      redacted,
      session,
      conversations,
    };
    return `${jsonText(facts).slice(0, -1)},"entries":[`;
  },
  entry: ({ entry }, before) => `${before === null ? '' : ','}\n${jsonText(entry)}`,
  tail: ({ entries, usage }) => `\n],"count":${entries},"usage":${jsonText(usage)}}\n`,
};
