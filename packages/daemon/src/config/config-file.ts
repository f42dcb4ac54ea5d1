import { isMap, isScalar, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';

export interface FileEntry {
  /** Dotted key, e.g. `web.port`, however it was nested. */
  key: string;
  value: unknown;
  /** Counted from 1. */
  line: number;
}

/** The settings written in a YAML text, nested or with dots, and what is wrong with the text itself. */
export function parseConfigFile(
  text: string,
  file: string,
  keys: ReadonlySet<string>,
): { entries: FileEntry[]; problems: string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number | undefined): number => lines.linePos(offset ?? 0).line || 1;
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      (error) =>
        `${file}:${lineOf(error.pos[0])}: broken YAML: ${error.message}; mend this line or remove it`,
    );
    return { entries: [], problems };
  }
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { entries: [], problems: [] };
  if (!isMap(root)) {
    return {
      entries: [],
      problems: [`${file}:1: the file must be a map of settings, like "web.port: 3000"`],
    };
  }

  const entries: FileEntry[] = [];
  const problems: string[] = [];
  const walk = (node: ParsedNode | Node | null, prefix: string): void => {
    if (!isMap<Node, Node | null>(node)) return;
    for (const { key: keyNode, value } of node.items) {
      const key = prefix + String(isScalar(keyNode) ? keyNode.value : keyNode);
      if (isMap(value) && value.items.length > 0 && !keys.has(key)) {
        walk(value, `${key}.`);
      } else {
        const line = lineOf(keyNode.range?.[0]);
        try {
          entries.push({ key, value: value === null ? null : value.toJS(document), line });
        } catch (error) {
          // Aliases of nothing, or far too many.
          problems.push(
            `${file}:${line}: broken YAML: ${(error as Error).message}; mend this line or remove it`,
          );
        }
      }
    }
  };
  walk(root, '');
  return { entries, problems };
}
