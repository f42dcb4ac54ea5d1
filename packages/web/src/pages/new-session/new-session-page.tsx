import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { toast } from 'sonner';
import { providersQuery } from '../../api/queries.ts';
import { Button } from '../../kit/button.tsx';
import { Kbd } from '../../kit/code.tsx';
import { Page } from '../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { isIncomplete, toRequest } from './draft.ts';
import { FormParts } from './form-parts.tsx';
import { useDraft } from './use-draft.ts';
import { useStart } from './use-start.ts';
import { useVerdict } from './use-verdict.ts';

const route = getRouteApi('/gate/new');

/** Starts a session. What is typed is checked as it is typed, and never lost. */
export function NewSessionPage() {
  const { data: providers, error, refetch } = useQuery(providersQuery);
  const { draft, change, clear, settle } = useDraft(route.useSearch());
  const request = useMemo(() => toRequest(draft), [draft]);
  const { verdict, isFresh, problem: checkProblem } = useVerdict(request);
  const [isTried, setTried] = useState(false);
  const { start, isStarting, problem } = useStart(draft, settle);
  const form = useRef<HTMLFormElement>(null);
  const [isStopped, setStopped] = useState(0);

  // An agent that is not there is not the one to begin with.
  useEffect(() => {
    const isThere = providers?.find(({ id }) => id === draft.provider)?.installed ?? true;
    const other = providers?.find(({ installed }) => installed);
    if (!isThere && other && draft.cwd === '') change({ provider: other.id });
  }, [providers]);

  // What has to be mended is shown once the answer to this very form is there.
  useEffect(() => {
    if (isStopped === 0 || !isFresh) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input')?.focus();
  }, [isStopped, isFresh]);

  const submit = async () => {
    setTried(true);
    if (isIncomplete(draft) || !(await start())) setStopped(isStopped + 1);
  };

  if (!providers) {
    return (
      <Page title="New session">
        {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <SkeletonRows rows={6} />}
      </Page>
    );
  }
  const general = verdict?.errors.find(({ field }) => field === 'session')?.message;
  const said = problem ?? general ?? checkProblem;
  return (
    <Page
      title="New session"
      isFull
      actions={
        <Button
          tone="quiet"
          size="small"
          onClick={() => {
            clear();
            toast('The form was cleared.', { action: { label: 'Undo', onClick: () => change(draft) } });
          }}
        >
          Clear
        </Button>
      }
    >
      <form
        ref={form}
        noValidate
        aria-label="New session"
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void submit();
        }}
      >
        <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4 sm:px-6">
          <div className="mx-auto flex max-w-3xl flex-col gap-5">
            <FormParts
              draft={draft}
              providers={providers}
              verdict={verdict}
              isTried={isTried}
              onChange={change}
            />
          </div>
        </div>
        <footer className="shrink-0 border-line border-t bg-panel px-4 py-3 sm:px-6">
          <div className="mx-auto flex max-w-3xl items-center justify-end gap-3">
            <p role="alert" className="min-w-0 flex-1 text-gone text-sm">
              {said}
            </p>
            <span className="hidden shrink-0 text-quiet text-sm md:block">
              <Kbd>Ctrl Enter</Kbd>
            </span>
            <Button tone="primary" type="submit" isBusy={isStarting} className="min-w-28">
              <Play aria-hidden="true" className="size-4" />
              Start
            </Button>
          </div>
        </footer>
      </form>
    </Page>
  );
}
