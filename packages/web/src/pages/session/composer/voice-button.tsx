import { useQuery } from '@tanstack/react-query';
import { Mic, Square } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { IconButton } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { voiceQuery } from '../session-queries.ts';

/** What the upload may take beside the user's own command, in milliseconds. */
const extraMs = 30_000;

interface Props {
  session: string;
  /** What was said. It is put into the draft, and never sent by itself. */
  onText(text: string): void;
}

/** Speech to text, where the daemon has a command for it. */
export function VoiceButton({ session, onText }: Props) {
  const { data: voice } = useQuery(voiceQuery);
  const recorder = useRef<MediaRecorder | null>(null);
  const [stage, setStage] = useState<'idle' | 'recording' | 'reading'>('idle');
  useEffect(() => () => letGo(recorder.current), []);
  if (!voice?.configured || typeof MediaRecorder === 'undefined' || !navigator.mediaDevices) return null;

  const read = async (parts: Blob[], type: string) => {
    setStage('reading');
    try {
      const audio = new File(parts, `speech.${/mp4|ogg/.exec(type)?.[0] ?? 'webm'}`, { type });
      const { text } = await client.request('POST', '/sessions/:id/terminal/transcribe', {
        ...{ params: { id: session }, form: { audio }, timeoutMs: voice.timeoutMs + extraMs },
      });
      if (text.trim() !== '') onText(text.trim());
      else toast('Nothing was heard.');
    } catch (error) {
      toast.error(wordsOf(error));
    } finally {
      setStage('idle');
    }
  };
  const start = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const made = new MediaRecorder(stream);
      const parts: Blob[] = [];
      made.addEventListener('dataavailable', ({ data }) => parts.push(data));
      made.addEventListener('stop', () => {
        for (const track of stream.getTracks()) track.stop();
        void read(parts, made.mimeType.split(';')[0] || 'audio/webm');
      });
      made.start();
      recorder.current = made;
      setStage('recording');
    } catch {
      toast.error('The microphone is not to be had: allow it for this page in the browser.');
    }
  };
  return (
    <IconButton
      label={stage === 'recording' ? 'Stop, and make text of it' : 'Speak'}
      size="small"
      isBusy={stage === 'reading'}
      aria-pressed={stage === 'recording'}
      className={cx(stage === 'recording' && 'animate-pulse bg-gone/15 text-gone')}
      onClick={() => (stage === 'recording' ? recorder.current?.stop() : void start())}
    >
      {stage === 'recording' ? (
        <Square aria-hidden="true" className="size-4" />
      ) : (
        <Mic aria-hidden="true" className="size-4" />
      )}
    </IconButton>
  );
}

/** The page is left: the microphone is free, and what was said is nobody's. */
function letGo(recorder: MediaRecorder | null): void {
  for (const track of recorder?.stream.getTracks() ?? []) track.stop();
}
