import type { Pattern } from '@codepiper/core/policies/policy.ts';
import { type ComponentProps, useState } from 'react';
import { cx } from '../../../kit/cx.ts';
import { TextArea } from '../../../kit/field.tsx';

interface Props extends Omit<ComponentProps<'textarea'>, 'value' | 'onChange'> {
  value: Pattern | undefined;
  /** Undefined when nothing is left. */
  onChange(value: Pattern | undefined): void;
}

/** A pattern, or several: one in each line. */
export function PatternsInput({ value, onChange, className, ...props }: Props) {
  const given = textOf(value);
  // Empty lines say nothing, but must not vanish under whoever types them.
  const [text, setText] = useState(given);
  const shown = textOf(patternOf(text)) === given ? text : given;
  return (
    <TextArea
      {...props}
      rows={1}
      value={shown}
      className={cx(
        'field-sizing-content max-h-48 min-h-9 resize-none break-all py-2 font-mono text-xs pointer-coarse:min-h-11',
        className,
      )}
      onChange={({ target }) => {
        setText(target.value);
        onChange(patternOf(target.value));
      }}
    />
  );
}

function textOf(value: Pattern | undefined): string {
  return [value ?? []].flat().join('\n');
}

function patternOf(text: string): Pattern | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [first] = lines;
  return lines.length > 1 ? lines : first;
}
