import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { Code, CodeBlock } from '../../../kit/code.tsx';

const plugins = [remarkGfm];

/** Text that a model wrote: no HTML of its own, links in a tab of their own, and pictures only as links. */
const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer" className="text-accent underline">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={String(src)} target="_blank" rel="noopener noreferrer" className="text-accent underline">
      {alt || String(src)}
    </a>
  ),
  pre: ({ children, node }) => {
    const [code] = node?.children ?? [];
    const [first] = code?.type === 'element' ? code.children : [];
    return first?.type === 'text' ? (
      <CodeBlock text={first.value.replace(/\n$/, '')} className="my-2" />
    ) : (
      <pre>{children}</pre>
    );
  },
  code: ({ children }) => <Code>{children}</Code>,
  h1: ({ children }) => <h3 className="mt-3 font-semibold text-base">{children}</h3>,
  h2: ({ children }) => <h4 className="mt-3 font-semibold">{children}</h4>,
  h3: ({ children }) => <h5 className="mt-2 font-semibold">{children}</h5>,
  p: ({ children }) => <p className="my-1.5">{children}</p>,
  ul: ({ children }) => <ul className="my-1.5 list-disc pl-5">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="my-1.5 list-decimal pl-5">
      {children}
    </ol>
  ),
  li: ({ children, className }) => (
    <li className={className === 'task-list-item' ? '-ml-5 my-0.5 list-none' : 'my-0.5'}>{children}</li>
  ),
  blockquote: ({ children }) => (
    <blockquote className="my-2 border-line border-l-2 pl-3 text-quiet">{children}</blockquote>
  ),
  hr: () => <hr className="my-3 border-line" />,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section aria-label="Table" tabIndex={0} className="my-2 overflow-x-auto">
      <table className="border-collapse text-sm">{children}</table>
    </section>
  ),
  th: ({ children }) => <th className="border border-line bg-raised px-2 py-1 text-left">{children}</th>,
  td: ({ children }) => <td className="border border-line px-2 py-1">{children}</td>,
  input: ({ checked }) => (
    <input type="checkbox" checked={checked ?? false} readOnly disabled aria-label="done" className="mr-1" />
  ),
};

export function MarkdownText({ text }: { text: string }) {
  return (
    <Markdown remarkPlugins={plugins} components={components}>
      {text}
    </Markdown>
  );
}
