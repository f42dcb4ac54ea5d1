import { type ComponentProps, type ReactNode, useId } from 'react';
import { cx } from './cx.ts';

const box =
  'w-full rounded-md border border-edge bg-ground px-3 text-sm text-text placeholder:text-quiet focus-visible:outline-2 focus-visible:outline-accent disabled:opacity-60 aria-invalid:border-gone pointer-coarse:text-base';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      {...props}
      className={cx(box, 'h-9 pointer-coarse:h-11', className)}
    />
  );
}

export function TextArea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea spellCheck={false} {...props} className={cx(box, 'min-h-20 py-2', className)} />;
}

/** The system's own list: the one that works with every finger and screen reader. */
export function Select({ className, ...props }: ComponentProps<'select'>) {
  return <select {...props} className={cx(box, 'h-9 pr-8 pointer-coarse:h-11', className)} />;
}

interface FieldProps {
  label: string;
  /** What to write, below. */
  hint?: ReactNode;
  error?: ReactNode;
  className?: string;
  /** Gets what ties it to its label, hint and error. */
  children(props: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }): ReactNode;
}

/** A label, its control, and what is wrong with it. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const described = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return (
    <div className={cx('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="font-medium text-sm">
        {label}
      </label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': Boolean(error) })}
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-gone text-sm">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-quiet text-sm">
            {hint}
          </p>
        )
      )}
    </div>
  );
}
