import type { Session } from '@codepiper/core/sessions/session.ts';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { nameOf } from '../../../api/session-words.ts';
import { Input } from '../../../kit/field.tsx';

interface Props {
  session: Session;
  isEdited: boolean;
  onEdit(isEdited: boolean): void;
  /** null takes the name away. Whether it was taken. */
  onRename(name: string | null): Promise<boolean>;
}

/** The session's name, which is changed where it stands. */
export function SessionName({ session, isEdited, onEdit, onRename }: Props) {
  if (isEdited) return <NameInput session={session} onEdit={onEdit} onRename={onRename} />;
  return (
    <h1 className="group min-w-0">
      <button
        type="button"
        title="Rename"
        onClick={() => onEdit(true)}
        className="relative flex max-w-full items-center rounded text-left font-semibold text-lg tracking-tight"
      >
        <span className="truncate">{nameOf(session)}</span>
        <Pencil
          aria-hidden="true"
          className="absolute -right-4 hidden size-3.5 text-quiet opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 md:block"
        />
      </button>
    </h1>
  );
}

function NameInput({ session, onEdit, onRename }: Omit<Props, 'isEdited'>) {
  const [name, setName] = useState(session.name ?? '');
  const save = async () => {
    const wanted = name.trim();
    if (wanted === (session.name ?? '') || (await onRename(wanted === '' ? null : wanted))) onEdit(false);
  };
  return (
    <form
      className="min-w-0 flex-1 sm:max-w-sm"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Input
        autoFocus
        aria-label="Name of the session"
        placeholder={session.id.slice(0, 8)}
        maxLength={80}
        value={name}
        onChange={({ target }) => setName(target.value)}
        onFocus={({ target }) => target.select()}
        onBlur={() => void save()}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onEdit(false);
        }}
        className="h-8"
      />
    </form>
  );
}
