import { type DefaultTreeAdapterTypes } from 'parse5';

export type HtmlNode = DefaultTreeAdapterTypes.ChildNode;
export type HtmlElement = DefaultTreeAdapterTypes.Element;
export type HtmlParent = DefaultTreeAdapterTypes.ParentNode;

export function isElement(node: HtmlNode): node is HtmlElement {
  return 'tagName' in node;
}

export function attribute(element: HtmlElement, name: string): string | undefined {
  return element.attrs.find((candidate) => candidate.name === name)?.value;
}

export interface TreeVisitor {
  /** Returns whether the children are to be visited; `leave` follows either way. */
  enter(element: HtmlElement): boolean;
  text(value: string): void;
  leave(element: HtmlElement): void;
}

/** Depth first and without recursion: hostile pages nest a hundred thousand deep. */
export function visitTree(root: HtmlParent, visitor: TreeVisitor): void {
  const open: { element: HtmlElement | undefined; children: readonly HtmlNode[]; next: number }[] = [
    { element: undefined, children: root.childNodes, next: 0 },
  ];
  for (let top = open.at(-1); top; top = open.at(-1)) {
    const node = top.children[top.next++];
    if (!node) {
      open.pop();
      if (top.element) visitor.leave(top.element);
    } else if (isElement(node)) {
      open.push({ element: node, children: visitor.enter(node) ? node.childNodes : [], next: 0 });
    } else if (node.nodeName === '#text' && 'value' in node) {
      visitor.text(node.value);
    }
  }
}
