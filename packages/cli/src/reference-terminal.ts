import {
  frameCodes,
  frameHeaderBytes,
  maxFrameBytes,
  maxPasteBytes,
} from '@codepiper/core/terminals/frames.ts';
import {
  maxMessageLength,
  serverMessageSchema,
  viewerMessageSchema,
  wireVersion,
} from '@codepiper/core/terminals/messages.ts';
import { terminalPaths } from '@codepiper/core/terminals/terminal.endpoints.ts';

/** What each frame carries behind its header, and what it means. A frame without a line here does not compile. */
const frames: Record<keyof typeof frameCodes, [from: 'daemon' | 'viewer', fields: string, meaning: string]> =
  {
    output: [
      'daemon',
      'bytes',
      'What the program printed. `seq` is the place of the first byte; each takes one place.',
    ],
    snapshot: [
      'daemon',
      'columns u16, rows u16, bytes',
      'Control sequences that draw the terminal as it is at `seq`. Flag 1: the first piece, reset the terminal to that size. Flag 2: the last piece; what follows begins at `seq`.',
    ],
    resize: ['daemon', 'columns u16, rows u16', 'The pane has this size from here on. It takes one place.'],
    inputAck: ['daemon', 'n u32', 'Everything up to `n` is settled and is not sent again.'],
    ended: ['daemon', '', 'The program has ended; `seq` is the end of the stream.'],
    input: [
      'viewer',
      'n u32, bytes',
      'Keystrokes. A character may be cut between two frames; bytes that are no UTF-8 are typed as they are.',
    ],
    paste: [
      'viewer',
      'n u32, bytes',
      'A piece of a paste, UTF-8; flag 1: the last one. All pieces carry the same `n` and follow each other directly.',
    ],
    ack: [
      'viewer',
      'received u64',
      'Length of all output, snapshot and resize frames of this subscription that were parsed, headers included. Due when 16 KB were parsed since the last one, or 10 ms after a frame was.',
    ],
    keys: ['viewer', 'n u32, names', 'Keys by name (`ctrl+c`, `f5`), UTF-8, a line feed between them.'],
  };

/** How the pages of the reference are made. */
export interface Printer {
  page(title: string, ...parts: readonly string[]): string;
  table(titles: readonly string[], rows: readonly (readonly string[])[]): string;
  typeText(schema: unknown): string;
}

/** The page about the WebSocket of live terminals. */
export function terminalPage({ page, table, typeText }: Printer): string {
  const types = (schema: { toJSONSchema(options: object): unknown }, io: 'input' | 'output'): string => {
    const { anyOf, oneOf } = schema.toJSONSchema({ io, unrepresentable: 'any' }) as Record<string, unknown[]>;
    return (anyOf ?? oneOf ?? []).map((one) => `- \`${typeText(one)}\``).join('\n');
  };
  return page(
    'The live terminal',
    `\`GET ${terminalPaths.socket}\` is a WebSocket over which a viewer follows any number of sessions, each on a channel of its own, and types into them. This is version ${wireVersion}.`,
    [
      'Text messages are JSON, binary ones are frames. The viewer begins with `hello`; the daemon answers with its own.',
      'Then `subscribe` gives a session a channel: the answer is `subscribed`, or an `error` and `unsubscribed`. What is sent',
      'first is the missing output when `epoch` and `seq` say up to where the viewer has everything and that is not long ago,',
      'else a snapshot. A viewer that falls behind is skipped forward to a new snapshot. What breaks these rules ends the',
      'connection: an `error` without a channel, then code 1008. The daemon closes with 1001 when it stops, and with 1013 who',
      'reads nothing for two minutes.',
    ].join('\n'),
    [
      'With `?ticket=` (see `POST /sessions/:id/terminal/tickets`) the connection is for the session and role of that ticket.',
      'Typing is for people: whatever runs inside a session may only follow. A web page may connect when it was served from',
      'the very address it connects to, and that is `localhost`, `127.0.0.1` or `[::1]`.',
    ].join('\n'),
    [
      'Input is numbered by its client, for each session, from 1. It is typed once and in order however often it is sent;',
      '`settled` of `subscribed` says from where on it is to be sent again after a new connection. It goes to the program as',
      'at `codepiper attach`: no policy looks at it.',
    ].join('\n'),
    [
      'The size is decided by a terminal attached on the machine; else by the viewer that took it or, of those that took it,',
      'typed last; else by nobody. `release` lets go, and so does leaving; the size then stays.',
    ].join('\n'),
    '## Messages of the viewer',
    types(viewerMessageSchema, 'input'),
    '## Messages of the daemon',
    types(serverMessageSchema, 'output'),
    `A message has at most ${maxMessageLength} characters.`,
    '## Frames',
    `Numbers are big-endian. A frame begins with ${frameHeaderBytes} bytes: type u8, flags u8, channel u16, epoch u32, seq u64. Frames without a place have 0 for epoch and seq. A frame has at most ${maxFrameBytes} bytes, a paste at most ${maxPasteBytes} in all its pieces.`,
    table(
      ['Type', 'From', 'Behind the header', 'Meaning'],
      Object.entries(frames).map(([name, [from, fields, meaning]]) => [
        `${frameCodes[name as keyof typeof frameCodes]} ${name}`,
        from,
        fields,
        meaning,
      ]),
    ),
  );
}
