// Follows server-sent events. came gets each event "came". If the server has no room for the stream, or another page of the person takes
// its place, ask is called every few seconds instead.
export function follow(url, came, ask) {
  const stream = new EventSource(url);
  let asking;
  const instead = () => {
    stream.close();
    asking ??= setInterval(ask, 4000);
  };
  stream.addEventListener("came", (event) => came(event, stream));
  stream.addEventListener("full", instead);
  stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && instead());
}

// fetchPage returns the page at a URL as a document, or null if it cannot be had.
export async function fetchPage(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
  return answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}
