import type { NotificationSound } from '@codepiper/core/notifications/names.ts';

/** One tone: when it begins and how long it is, in seconds, and how high, in hertz. */
interface Tone {
  at: number;
  length: number;
  pitch: number;
  shape?: OscillatorType;
}

const tones: Readonly<Record<NotificationSound, readonly Tone[]>> = {
  none: [],
  chime: [
    { at: 0, length: 0.5, pitch: 659 },
    { at: 0.14, length: 0.7, pitch: 880 },
  ],
  knock: [
    { at: 0, length: 0.12, pitch: 196, shape: 'triangle' },
    { at: 0.16, length: 0.12, pitch: 196, shape: 'triangle' },
    { at: 0.42, length: 0.2, pitch: 262, shape: 'triangle' },
  ],
  ping: [{ at: 0, length: 0.6, pitch: 1319 }],
  alarm: [
    { at: 0, length: 0.22, pitch: 440, shape: 'square' },
    { at: 0.24, length: 0.22, pitch: 330, shape: 'square' },
    { at: 0.48, length: 0.3, pitch: 440, shape: 'square' },
  ],
};
const loudness = 0.14;

let context: AudioContext | null = null;

/** Makes a sound, if the browser lets it: before somebody touched the page it does not, and nothing is heard. */
export async function playSound(sound: NotificationSound): Promise<void> {
  if (tones[sound].length === 0) return;
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') await context.resume();
    for (const tone of tones[sound]) play(context, tone);
  } catch {
    // There is no way to make sounds here.
  }
}

function play(audio: AudioContext, { at, length, pitch, shape = 'sine' }: Tone): void {
  const begins = audio.currentTime + at;
  const ends = begins + length;
  const oscillator = new OscillatorNode(audio, { type: shape, frequency: pitch });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0, begins);
  volume.gain.linearRampToValueAtTime(shape === 'square' ? loudness / 3 : loudness, begins + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.0001, ends);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(begins);
  oscillator.stop(ends);
}
