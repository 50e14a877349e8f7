// What a client sent, in a message to it: never more than it takes to recognise it.

/** Characters that are repeated. */
const MOST = 100;

export function brief(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
}
