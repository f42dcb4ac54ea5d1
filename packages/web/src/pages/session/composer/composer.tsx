import type { Session } from '@codepiper/core/sessions/session.ts';
import { CornerDownLeft, ImagePlus, SendHorizontal } from 'lucide-react';
import { type ClipboardEvent, type DragEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { nameOf } from '../../../api/session-words.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Button, IconButton } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { isFocusTaken } from '../../../kit/focus.ts';
import { keepDraft, keepEnterSends, readDraft, readEnterSends } from './composer-store.ts';
import { ImageRow } from './image-row.tsx';
import { Queue } from './queue.tsx';
import { readsAsCommand, sendPrompt } from './send-prompt.ts';
import { imageAccept, imageWords, useImages } from './use-images.ts';
import { VoiceButton } from './voice-button.tsx';

interface Props {
  session: Session;
  supportsSlash: boolean;
}

/** Where a person writes to the agent. What was written stays until it was taken. */
export function Composer({ session, supportsSlash }: Props) {
  const { id } = session;
  const [text, setText] = useState(() => readDraft(id));
  const [asText, setAsText] = useState(false);
  const [enterSends, setEnterSends] = useState(readEnterSends);
  const [isSending, setSending] = useState(false);
  const [isOver, setOver] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { images, add, remove, clear, isUploading } = useImages(id);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  /** Of the text as it is: one that is sent again after a lost answer arrives once. */
  const key = useRef(crypto.randomUUID());

  useEffect(() => keepDraft(id, text), [id, text]);

  const hasEnded = session.status === 'stopped' || session.status === 'crashed';
  const mentions = images.flatMap(({ uploaded }) => uploaded?.mention ?? []);
  const looksLikeCommand = supportsSlash && !hasEnded && images.length === 0 && readsAsCommand(text);
  const isCommand = looksLikeCommand && !asText;
  const canSend = (text.trim() !== '' || mentions.length > 0) && !isUploading && !isSending;

  const hint = hasEnded
    ? 'A prompt resumes the session'
    : session.activity === 'idle'
      ? 'Write to the agent'
      : 'Queued until the agent is ready';

  const write = (next: (now: string) => string) => {
    setText(next);
    setProblem(null);
    key.current = crypto.randomUUID();
  };
  const send = async () => {
    if (!canSend) return;
    setSending(true);
    setProblem(null);
    try {
      await sendPrompt(session, { text, mentions, isCommand, key: key.current });
      write((now) => restOf(now, text));
      setAsText(false);
      clear(images);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setSending(false);
      if (!isFocusTaken()) area.current?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.nativeEvent.isComposing) return;
    if (!enterSends && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    void send();
  };
  const take = (event: ClipboardEvent | DragEvent, from: DataTransfer) => {
    const files = [...from.files].filter(({ type }) => type.startsWith('image/'));
    if (files.length === 0) return;
    event.preventDefault();
    add(files);
  };

  return (
    <form
      aria-label="Prompt"
      className="mx-auto w-full max-w-4xl shrink-0 px-2 pb-2 sm:px-6 sm:pb-3"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        take(event, event.dataTransfer);
      }}
    >
      <Queue session={id} />
      <div
        className={cx(
          'rounded-lg border border-edge bg-panel p-1.5 focus-within:border-accent',
          isOver && 'border-accent border-dashed bg-accent/10',
        )}
      >
        <ImageRow images={images} onRemove={remove} />
        <textarea
          ref={area}
          aria-label={`Prompt for ${nameOf(session)}`}
          aria-invalid={problem !== null}
          rows={1}
          value={text}
          placeholder={hint}
          onChange={({ target }) => write(() => target.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => take(event, event.clipboardData)}
          className="field-sizing-content block max-h-[40dvh] min-h-9 w-full resize-none bg-transparent px-2 py-1.5 text-sm outline-none! placeholder:text-quiet pointer-coarse:text-base"
        />
        <div className="flex items-center gap-1">
          <input
            ref={picker}
            type="file"
            accept={imageAccept}
            multiple
            hidden
            onChange={({ target }) => {
              add(target.files ?? []);
              target.value = '';
            }}
          />
          <IconButton
            label={`Add images: ${imageWords}`}
            size="small"
            onClick={() => picker.current?.click()}
          >
            <ImagePlus aria-hidden="true" className="size-4" />
          </IconButton>
          <VoiceButton
            session={id}
            onText={(said) => write((now) => (now.trim() === '' ? said : `${now.trimEnd()} ${said}`))}
          />
          {looksLikeCommand && (
            <button
              type="button"
              aria-pressed={isCommand}
              title="Press to send it the other way"
              onClick={() => setAsText(!asText)}
              className="rounded-full border border-line px-2.5 py-0.5 text-quiet text-xs hover:text-text pointer-coarse:min-h-11"
            >
              {isCommand ? 'slash command' : 'plain text'}
            </button>
          )}
          <span role="alert" className="min-w-0 flex-1 px-1 text-gone text-xs">
            {problem}
          </span>
          <button
            type="button"
            aria-pressed={enterSends}
            title={
              enterSends ? 'Enter sends; Shift+Enter begins a line' : 'Ctrl+Enter sends; Enter begins a line'
            }
            onClick={() => {
              setEnterSends(!enterSends);
              keepEnterSends(!enterSends);
            }}
            className="hidden h-8 items-center gap-1 rounded-md px-2 text-quiet text-xs hover:bg-raised hover:text-text sm:flex"
          >
            <CornerDownLeft aria-hidden="true" className="size-3.5" />
            {enterSends ? 'Enter sends' : 'Ctrl+Enter sends'}
          </button>
          <Button tone="primary" size="small" type="submit" disabled={!canSend} isBusy={isSending}>
            <SendHorizontal aria-hidden="true" className="size-4" />
            {hasEnded ? 'Resume' : 'Send'}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** What stays in the field once a prompt was taken: what was written meanwhile, behind it or in its place. */
function restOf(now: string, sent: string): string {
  return now.startsWith(sent) ? now.slice(sent.length).trimStart() : now;
}
