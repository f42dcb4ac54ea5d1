import type { ExportFormat, ExportRenderer } from './document.ts';
import { htmlExport } from './html.ts';
import { jsonExport } from './json.ts';
import { markdownExport } from './markdown.ts';

export const exportRenderers: Readonly<Record<ExportFormat, ExportRenderer>> = {
  markdown: markdownExport,
  json: jsonExport,
  html: htmlExport,
};
