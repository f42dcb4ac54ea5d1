/** The command that makes text of speech: a program with its arguments, as the settings have them. */
export function voiceCommand(values: {
  voiceCommand: string | null;
  voiceCommandJson: readonly string[] | null;
}): readonly string[] | null {
  return values.voiceCommandJson ?? (values.voiceCommand === null ? null : splitWords(values.voiceCommand));
}

/** argv for one recording. No shell reads it: what stands in for a placeholder is one argument, or part of one. */
export function fillCommand(
  command: readonly string[],
  { input, mime }: { input: string; mime: string },
): string[] {
  const values: Readonly<Record<string, string>> = { '{input}': input, '{mime}': mime };
  return command.map((word) =>
    word.replace(/\{(?:input|mime)\}/g, (placeholder) => values[placeholder] ?? ''),
  );
}

/** Words between spaces; quotes and backslashes keep a space in a word, as they would in a shell. */
function splitWords(text: string): string[] {
  const word = /(?:[^\s"'\\]+|"(?:[^"\\]|\\.)*"|'[^']*'|\\.)+/gs;
  const part = /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)/gs;
  return (text.match(word) ?? []).map((found) =>
    found.replace(
      part,
      (_, double?: string, single?: string, escaped?: string, plain?: string) =>
        double?.replace(/\\(["\\])/g, '$1') ?? single ?? escaped ?? plain ?? '',
    ),
  );
}
