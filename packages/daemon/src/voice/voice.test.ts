import { mkdtempSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settings } from '@codepiper/core/settings/settings.ts';
import { isAlive, makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedFile } from '../http/uploads.ts';
import { VoiceService } from './voice.service.ts';
import { fillCommand, voiceCommand } from './voice-command.ts';

let temp: TempDir;
let closing: AbortController;
const nobody = new AbortController().signal;
beforeEach(async () => {
  temp = await makeTempDir();
  closing = new AbortController();
});
afterEach(() => temp[Symbol.asyncDispose]());

/** A recording in a folder of its own, so that what is left of it can be seen. */
async function recording(content = 'sound', mediaType = 'audio/webm'): Promise<ReceivedFile> {
  const path = join(mkdtempSync(join(temp.path, 'r')), 'upload');
  await writeFile(path, content);
  return { path, name: 'a', mediaType, bytes: content.length, sha256: '', head: Buffer.from(content) };
}
const left = (file: ReceivedFile) => readdir(join(file.path, '..'));

const sh = (script: string, ...more: string[]) => ['/bin/sh', '-c', script, 'sh', '{input}', ...more];
function service(command: readonly string[] | null, timeoutMs = 20_000) {
  const environment = { PATH: process.env.PATH, CODEPIPER_PUSH_PRIVATE_KEY: 'a secret', LANG: 'C.UTF-8' };
  return new VoiceService({ command, timeoutMs, environment, closing: closing.signal });
}
async function speak(
  script: string,
  more: { file?: ReceivedFile; timeoutMs?: number } = {},
): Promise<string> {
  const voice = service(sh(script), more.timeoutMs);
  return voice.transcribe(voice.requireCommand(), more.file ?? (await recording()), nobody);
}

describe('the command', () => {
  const split = (text: string) => voiceCommand({ voiceCommand: text, voiceCommandJson: null });

  it.each([
    ['whisper {input}', ['whisper', '{input}']],
    ['  a  \'b c\' "d e" f\\ g  ', ['a', 'b c', 'd e', 'f g']],
    ["a --x=\"b c\" 'it'\\''s'", ['a', '--x=b c', "it's"]],
    ['a "say \\"hi\\"" \'$HOME\' ; rm', ['a', 'say "hi"', '$HOME', ';', 'rm']],
    ["a '' b", ['a', '', 'b']],
  ])('%s', (text, words) => {
    expect(split(text)).toEqual(words);
  });

  it('as an array goes before the text', () => {
    expect(voiceCommand({ voiceCommand: 'a {input}', voiceCommandJson: ['b', '{input}'] })?.[0]).toBe('b');
    expect(voiceCommand({ voiceCommand: null, voiceCommandJson: null })).toBeNull();
  });

  it('has one argument for each placeholder, whatever is in it', () => {
    const values = { input: '/a b/$(x);{mime}', mime: 'audio/ogg' };
    expect(fillCommand(['p', '-f={input}', '{mime}', '{other}'], values)).toEqual([
      'p',
      '-f=/a b/$(x);{mime}',
      'audio/ogg',
      '{other}',
    ]);
  });

  it('must take the recording', () => {
    expect(settings.voiceCommand.schema.safeParse('whisper').success).toBe(false);
    expect(settings.voiceCommandJson.schema.safeParse('["whisper"]').success).toBe(false);
    expect(settings.voiceCommandJson.schema.safeParse('whisper {input}').success).toBe(false);
    expect(settings.voiceCommandJson.schema.safeParse('["w", "{input}"]').data).toEqual(['w', '{input}']);
  });
});

it('gives out what the command prints, and removes the recording', async () => {
  const file = await recording('what was said');
  expect(await speak('cat "$1"; case "$1" in *.webm) echo " (webm)";; esac', { file })).toBe(
    'what was said (webm)',
  );
  expect(await left(file)).toEqual([]);
});

it.each([
  ['{"text": " one two \\n", "language": "en"}', 'one two'],
  ['{"text": 5}', '{"text": 5}'],
  ['{not json', '{not json'],
  ['  several\nlines\t\u001b[31mred\u0007 \n\n', 'several\nlines\t[31mred'],
  ['', ''],
])('reads %j', async (printed, said) => {
  expect(await speak('cat "$1"', { file: await recording(printed) })).toBe(said);
});

it('tells the command the type, and none of our secrets', async () => {
  const voice = service(sh('echo "$2"; env', '{mime}'));
  const text = await voice.transcribe(voice.requireCommand(), await recording('x', 'audio/ogg'), nobody);
  expect(text).toMatch(/^audio\/ogg\n/);
  expect(text).not.toContain('CODEPIPER');
});

it.each([
  ['echo first >&2; echo "  cannot read it" >&2; echo >&2; exit 3', /ended with 3: cannot read it$/],
  ['printf "\\033[31mred\\007" >&2; exit 1', /ended with 1: \[31mred$/],
  ['kill -9 $$', /ended with SIGKILL\.$/],
  ['head -c 70000 /dev/zero', /printed more than 64 KB/],
])('fails with the last thing it said: %s', async (script, says) => {
  const file = await recording();
  await expect(speak(script, { file })).rejects.toMatchObject({
    code: 'voice_failed',
    message: expect.stringMatching(says),
  });
  expect(await left(file)).toEqual([]);
});

it('says when there is no such program', async () => {
  const voice = service(['/no/such/program', '{input}']);
  await expect(voice.transcribe(voice.requireCommand(), await recording(), nobody)).rejects.toMatchObject({
    code: 'voice_failed',
    message: expect.stringMatching(/program\) was not found/),
  });
});

it('ends the whole group when the time is over, and when the command itself is', async () => {
  const pids = join(temp.path, 'pids');
  const started = `sleep 1000 & echo $! >> ${pids}`;
  await expect(speak(`${started}; sleep 1000`, { timeoutMs: 300 })).rejects.toMatchObject({
    code: 'voice_failed',
    message: expect.stringMatching(/took longer than 0\.3 s/),
  });
  expect(await speak(`${started}; echo done`)).toBe('done');
  const children = (await readFile(pids, 'utf8')).trim().split('\n').map(Number);
  expect(children).toHaveLength(2);
  await waitFor('its children to be gone', () => !children.some(isAlive));
});

it('does not wait for what left the group and holds the output open', async () => {
  const pids = join(temp.path, 'pids');
  // It says who it is once it is out of the group.
  const away = `setsid sh -c 'echo $$ >> ${pids}; exec sleep 1000' & while [ ! -s ${pids} ]; do sleep 0.02; done`;
  try {
    expect(await speak(`${away}; echo done`)).toBe('done');
    await expect(speak(`${away}; exec sleep 1000`, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'voice_failed',
      message: expect.stringMatching(/took longer than 0\.3 s/),
    });
  } finally {
    for (const pid of (await readFile(pids, 'utf8')).trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
  }
});

it('makes text of one at a time; few may wait, and who hangs up is not waited for', async () => {
  const gate = join(temp.path, 'gate');
  const running = join(temp.path, 'running');
  const voice = service(sh(`echo x >> ${running}; while [ ! -e ${gate} ]; do sleep 0.02; done; cat "$1"`));
  const gone = new AbortController();
  const say = async (content: string, signal = nobody) =>
    voice.transcribe(voice.requireCommand(), await recording(content), signal);
  const first = say('one', gone.signal);
  await waitFor('the first to run', async () => (await readFile(running, 'utf8')) === 'x\n');
  const files = await Promise.all(['two', 'three', 'four'].map((content) => recording(content)));
  const others = files.map((file) => voice.transcribe(voice.requireCommand(), file, nobody));
  await expect(say('five')).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(await readFile(running, 'utf8')).toBe('x\n');
  gone.abort();
  await expect(first).rejects.toMatchObject({ code: 'voice_failed' });
  await writeFile(gate, '');
  expect(await Promise.all(others)).toEqual(['two', 'three', 'four']);
});

it('ends what runs when the daemon stops', async () => {
  const running = join(temp.path, 'running');
  const work = speak(`echo $$ > ${running}; sleep 1000`);
  const pid = await waitFor('it to run', async () => Number(await readFile(running, 'utf8')));
  closing.abort();
  await expect(work).rejects.toMatchObject({ code: 'voice_failed' });
  expect(isAlive(pid)).toBe(false);
});

it('refuses what is no sound, and says what to set when there is no command', async () => {
  for (const type of ['image/png', 'text/html', '', 'audio/', 'audio/x y']) {
    await expect(speak('true', { file: await recording('x', type) })).rejects.toMatchObject({
      code: 'media_refused',
    });
  }
  const none = service(null);
  expect(none.status()).toEqual({ configured: false, timeoutMs: 20_000 });
  expect(() => none.requireCommand()).toThrow(/voice\.command.*CODEPIPER_STT_COMMAND/);
});
