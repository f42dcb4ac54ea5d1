/** What a key does while a recording is played. */
export type ReplayCommand =
  | 'pause'
  | 'step'
  | 'faster'
  | 'slower'
  | 'forward'
  | 'back'
  | 'next'
  | 'previous'
  | 'quit';

const commands: Readonly<Record<string, ReplayCommand>> = {
  ' ': 'pause',
  '.': 'step',
  '+': 'faster',
  '=': 'faster',
  '-': 'slower',
  _: 'slower',
  q: 'quit',
  Q: 'quit',
  '\x03': 'quit',
  '\x04': 'quit',
  '\x1b': 'quit',
  '\x1b[C': 'forward',
  '\x1bOC': 'forward',
  '\x1b[D': 'back',
  '\x1bOD': 'back',
  '\x1b[A': 'next',
  '\x1bOA': 'next',
  '\x1b[B': 'previous',
  '\x1bOB': 'previous',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what terminals send
const key = /\x1b\[M[\s\S]{3}|\x1b(?:\[[0-9;?<]*[ -/]*[@-~]|O[A-Z])|[\s\S]/gu;

/** The commands in what the terminal sent at once; everything else, reports of a mouse too, means nothing. */
export function readCommands(input: string): ReplayCommand[] {
  return (input.match(key) ?? []).flatMap((part) => commands[part] ?? []);
}
