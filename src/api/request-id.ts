// Naming a request, so that it can be repeated: a client whose daemon died over a request cannot
// know whether that was taken. A session that is asked for twice under the same name is made once.

/** The header of `POST /v1/sessions` that names a request: a UUID, which the session gets as its id. */
export const REQUEST_HEADER = "korun-request";

/** A UUID as we write them. */
export const REQUEST_ID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

export function isRequestId(text: string): boolean {
  return REQUEST_ID.test(text);
}
