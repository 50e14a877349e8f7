// The endpoints for programs that look for something in a session's output.

import { DiffQuery, DiffReply } from "../diffing.ts";
import { DigestQuery, DigestReply } from "../digesting.ts";
import { type Endpoint, json, ok } from "../endpoint.ts";
import { ExpectQuery, ExpectReply } from "../expecting.ts";
import { SESSIONS } from "../paths.ts";

const ONE = `${SESSIONS}/{id}`;

export const OUTPUT_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "expectOutput",
    method: "GET",
    path: `${ONE}/expect`,
    about: "Answers once something stands in a session's output, what was printed before included.",
    query: ExpectQuery,
    answers: [ok(ExpectReply, "Whether it came to that, and where it stands.")],
    refusals: {
      404: "There is no such session, or no such run.",
      503: "This daemon leaves, and the next one is to be asked.",
    },
  },
  {
    name: "getDiff",
    method: "GET",
    path: `${ONE}/diff`,
    about: "Reads what a session printed since this reader last looked.",
    details:
      "The cursor moves once the answer was taken, and not for `HEAD` or what a browser opens.",
    query: DiffQuery,
    answers: [
      {
        status: 200,
        about: "What is new.",
        content: [json(DiffReply), { type: "text/plain", about: "With `format=text`." }],
      },
    ],
  },
  {
    name: "getDigest",
    method: "GET",
    path: `${ONE}/digest`,
    about: "Sums up a session's output: levels, the last errors, what was repeated.",
    query: DigestQuery,
    answers: [ok(DigestReply, "The output in a few lines.")],
    refusals: { 404: "There is no such session, or no such run." },
  },
];
