import Renderer from 'react-markdown';
import gfm from 'remark-gfm';
import { CodeBlock } from '../../../kit/code.tsx';

/** Text of an agent as it meant it. Loads much: import it lazily. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="flex flex-col gap-3 text-sm leading-6 [&_a]:text-accent [&_a]:underline [&_blockquote]:border-line [&_blockquote]:border-l-2 [&_blockquote]:pl-3 [&_blockquote]:text-quiet [&_h1]:font-semibold [&_h1]:text-base [&_h2]:font-semibold [&_h3]:font-semibold [&_ol]:list-decimal [&_ol]:pl-5 [&_table]:block [&_table]:overflow-x-auto [&_td]:border [&_td]:border-line [&_td]:px-2 [&_th]:border [&_th]:border-line [&_th]:px-2 [&_ul]:list-disc [&_ul]:pl-5">
      <Renderer
        remarkPlugins={[gfm]}
        components={{
          // What the agent's text speaks of is no page of ours.
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer noopener">
              {children}
            </a>
          ),
          // Nothing is fetched for a text.
          img: ({ alt, src }) => <span className="text-quiet">[{alt || String(src)}]</span>,
          pre: ({ children }) => <>{children}</>,
          code: ({ className, children }) => {
            const source = String(children);
            return className || source.includes('\n') ? (
              <CodeBlock text={source.replace(/\n$/, '')} />
            ) : (
              <code className="rounded bg-raised px-1 py-0.5 font-mono text-[0.9em]">{children}</code>
            );
          },
        }}
      >
        {text}
      </Renderer>
    </div>
  );
}
