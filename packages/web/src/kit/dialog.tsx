import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button, IconButton } from './button.tsx';
import { cx } from './cx.ts';

interface Props {
  isOpen: boolean;
  title: string;
  description?: ReactNode;
  onClose(): void;
  children?: ReactNode;
  /** Buttons at its end; the last is the one to press. */
  footer?: ReactNode;
  size?: 'usual' | 'wide';
}

/** Above the page; on a phone a sheet from below, where thumbs are. */
export function Dialog({ isOpen, title, description, onClose, children, footer, size = 'usual' }: Props) {
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/60" />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          // Nothing is chosen for whoever opened it: the first key would press the button that closes it.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            if (event.target instanceof HTMLElement) event.target.focus();
          }}
          className={cx(
            'fixed z-50 flex max-h-[90dvh] flex-col border-line bg-panel shadow-2xl outline-none',
            'inset-x-0 bottom-0 rounded-t-xl border-t pb-[env(safe-area-inset-bottom)]',
            'sm:inset-auto sm:top-1/2 sm:left-1/2 sm:w-full sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-xl sm:border sm:pb-0',
            size === 'wide' ? 'sm:max-w-3xl' : 'sm:max-w-lg',
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="font-semibold text-base">{title}</Radix.Title>
              {description && (
                <Radix.Description className="mt-1 text-quiet text-sm">{description}</Radix.Description>
              )}
            </div>
            <IconButton label="Close" size="small" onClick={onClose}>
              <X aria-hidden="true" className="size-4" />
            </IconButton>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
          {footer && (
            <footer className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3">
              {footer}
            </footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  isOpen: boolean;
  title: string;
  /** What will be lost. */
  description: ReactNode;
  /** The verb: `Kill session`. */
  action: string;
  isBusy?: boolean;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something is lost. */
export function ConfirmDialog({ action, isBusy, onConfirm, ...props }: ConfirmProps) {
  return (
    <Dialog
      {...props}
      footer={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button tone="danger" isBusy={isBusy ?? false} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    />
  );
}
