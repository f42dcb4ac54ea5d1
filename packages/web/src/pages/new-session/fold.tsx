import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';

interface Props {
  title: string;
  /** What is set in it, while it is folded. */
  summary: ReactNode;
  /** Something in it is not as usual, or wrong: it begins unfolded, or unfolds. */
  needsLook: boolean;
  children: ReactNode;
}

/** A part of the form that most sessions leave as it is. */
export function Fold({ title, summary, needsLook, children }: Props) {
  const [isOpen, setOpen] = useState(needsLook);
  const [hadLook, setHadLook] = useState(needsLook);
  if (needsLook !== hadLook) {
    setHadLook(needsLook);
    if (needsLook) setOpen(true);
  }
  return (
    <details
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group/fold border-line border-t"
    >
      <summary className="flex min-h-12 cursor-pointer list-none items-center gap-2 rounded-md py-2 text-sm [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden="true"
          className="size-4 shrink-0 text-quiet transition-transform group-open/fold:rotate-90"
        />
        <span className="font-medium">{title}</span>
        <span className="min-w-0 flex-1 truncate text-right text-quiet group-open/fold:invisible">
          {summary}
        </span>
      </summary>
      <div className="flex flex-col gap-4 pt-1 pb-5 pl-6">{children}</div>
    </details>
  );
}
