/** Path without the query. */
export function pathOf(request: { url: string }): string {
  const end = request.url.search(/[?#]/);
  return end === -1 ? request.url : request.url.slice(0, end);
}
