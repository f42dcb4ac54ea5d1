import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import { type ReactNode, Suspense, useState } from 'react';
import { toast } from 'sonner';
import { wordsOf } from '../../../api/words-of.ts';
import { Button } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { lazyPart } from '../../../kit/load-part.ts';
import { wholeText } from './entry-parts.tsx';

const MarkdownText = lazyPart(async () => (await import('./markdown-text.tsx')).MarkdownText);

/** Words of the model. */
export function Answer({ entry }: { entry: Entry }) {
  return (
    <Whole entry={entry}>
      {(text) => (
        <div className="wrap-anywhere text-sm leading-relaxed">
          <Suspense fallback={<div className="whitespace-pre-wrap">{text}</div>}>
            <MarkdownText text={text} />
          </Suspense>
        </div>
      )}
    </Whole>
  );
}

/** Words as they are. */
export function PlainText({
  entry,
  className,
  label = '',
}: {
  entry: Entry;
  className?: string;
  /** Said to those who do not see the icon. */
  label?: string;
}) {
  return (
    <Whole entry={entry} {...(className === undefined ? {} : { className })}>
      {(text) => (
        <p className="wrap-anywhere whitespace-pre-wrap">
          {label && <span className="sr-only">{label}</span>}
          {text}
        </p>
      )}
    </Whole>
  );
}

/** A text, and the rest of it where it came cut. */
export function Whole({
  entry,
  className,
  children,
}: {
  entry: Entry;
  className?: string;
  children(text: string): ReactNode;
}) {
  const [whole, setWhole] = useState<string | null>(null);
  const [isAsked, setAsked] = useState(false);
  const { length } = entry;
  const text = whole ?? entry.text;
  const show = async () => {
    setAsked(true);
    await wholeText(entry.id).then(setWhole, (error: unknown) => toast.error(wordsOf(error)));
    setAsked(false);
  };
  return (
    <div className={cx(className)}>
      {children(text)}
      {whole === null && length !== null && length > entry.text.length && (
        <Button size="small" tone="quiet" className="mt-1" isBusy={isAsked} onClick={() => void show()}>
          Show all {length.toLocaleString('en')} characters
        </Button>
      )}
      {length === null && (
        <p className="text-quiet text-xs">The transcript is gone; this is its beginning.</p>
      )}
    </div>
  );
}
