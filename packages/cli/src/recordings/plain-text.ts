import { castReset } from '@codepiper/daemon/recordings/cast.ts';
import { TextFollower } from '@codepiper/daemon/terminals/text-follower.ts';
import { CastReader, sizeOf } from './cast-reader.ts';

/** A full-screen program's screen is told when nothing happened for this long, in seconds. */
const quiet = 1;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const alternate = /\x1b\[\?(?:1049|1047|47)([hl])/g;

/**
 * What a recording says in words: each line once, when it is finished; of full-screen programs what was new on a screen
 * that stood still.
 */
export async function* plainText(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  const reader = new CastReader(pieces);
  const lines: string[] = [];
  const take = () => (lines.length === 0 ? '' : `${lines.splice(0).join('\n')}\n`);
  let size = await reader.header();
  const open = () => new TextFollower(size, (told) => lines.push(...told));
  let follower = open();
  try {
    let isAlternate = false;
    let isGap = false;
    let last = 0;
    for (let event = await reader.next(); event; event = await reader.next()) {
      if (isAlternate && event.at - last >= quiet) follower.end();
      last = event.at;
      size = sizeOf(event) ?? size;
      if (event.code === 'm') isGap = event.data === 'gap';
      if (event.code !== 'o') continue;
      const isRedrawn = event.data.startsWith(castReset);
      if (isRedrawn) {
        follower.end();
        yield take();
        follower[Symbol.dispose]();
        follower = open();
      }
      for (const [, to] of event.data.matchAll(alternate)) isAlternate = to === 'h';
      await follower.write(Buffer.from(event.data));
      // What is drawn once more only because the size is another was told.
      if (isRedrawn && !isGap) lines.length = 0;
      if (isRedrawn) isGap = false;
      if (lines.length > 0) yield take();
    }
    follower.end();
    yield take();
  } finally {
    follower[Symbol.dispose]();
    await reader.close();
  }
}
