/* Passwords against exchanges: the vectors of RFC 2195, 2831, 5802, 7677 and MS-NLMP 4.2, and the usual
 * slips. */
#include "exchanges.h"
#include "sasl/sasl_verify.h"

enum { STEPS = 5 };

/* clang-format off */
static const struct {
    const char *name, *identity, *password;
    enum sasl_proof proof;
    const char *slip, *server; /* words of them */
    bool is_other_form;
    struct step steps[STEPS];
} rows[] = {
    { "PLAIN", "tim", "tanstaaftanstaaf", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "535 no", 0 } } },
    { "PLAIN with another", "tim", "tanstaafl", SASL_PROOF_WRONG, NULL, NULL, false,
      { { "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "535 no", 0 } } },
    { "PLAIN and a line feed", "tim", "secret", SASL_PROOF_RIGHT, "line feed", NULL, false,
      { { "AUTH PLAIN AHRpbQBzZWNyZXQK", "535 no", 0 } } },
    { "PLAIN and CRLF", "tim", "secret", SASL_PROOF_RIGHT, "CR and LF", NULL, false,
      { { "AUTH PLAIN AHRpbQBzZWNyZXQNCg==", "535 no", 0 } } },
    { "PLAIN in ISO-8859-1", "tim", "gr\303\274\303\237e", SASL_PROOF_RIGHT, "ISO-8859-1", NULL, false,
      { { "AUTH PLAIN AHRpbQBncvzfZQ==", "535 no", 0 } } },
    { "PLAIN in UTF-8, given in ISO-8859-1", "tim", "gr\374\337e", SASL_PROOF_RIGHT, "in UTF-8", NULL, false,
      { { "AUTH PLAIN AHRpbQBncsO8w59l", "535 no", 0 } } },
    { "PLAIN twice in base64", "tim", "secret", SASL_PROOF_RIGHT, "twice", NULL, false,
      { { "AUTH PLAIN AHRpbQBjMlZqY21WMA==", "535 no", 0 } } },
    { "PLAIN, full-width letters made narrow", "tim", "\357\274\241\357\275\202\357\274\221", SASL_PROOF_RIGHT, "SASLprep", NULL, false,
      { { "AUTH PLAIN AHRpbQBBYjE=", "535 no", 0 } } },
    { "PLAIN, blanks around", "tim", " secret ", SASL_PROOF_RIGHT, "blanks", NULL, false,
      { { "AUTH PLAIN AHRpbQBzZWNyZXQ=", "535 no", 0 } } },
    { "PLAIN of another user", "tom", "secret", SASL_PROOF_NONE, NULL, NULL, false,
      { { "AUTH PLAIN AHRpbQBzZWNyZXQ=", "535 no", 0 } } },
    { "PLAIN with a domain", "tim", "secret", SASL_PROOF_RIGHT, NULL, NULL, true,
      { { "AUTH PLAIN AHRpbUBleGFtcGxlLm9yZwBzZWNyZXQ=", "535 no", 0 } } },
    { "PLAIN of another domain", "tim@example.net", "secret", SASL_PROOF_NONE, NULL, NULL, false,
      { { "AUTH PLAIN AHRpbUBleGFtcGxlLm9yZwBzZWNyZXQ=", "535 no", 0 } } },
    { "LOGIN", "TIM", "secret", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "dGlt", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 no", 0 } } },
    { "LOGIN without a password", "tim", "secret", SASL_PROOF_NONE, NULL, NULL, false,
      { { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "dGlt", "535 no", 0 } } },
    { "CRAM-MD5 of RFC 2195", "tim", "tanstaaftanstaaf", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", 0 }, { "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "535 no", 0 } } },
    { "CRAM-MD5 with another", "tim", "x", SASL_PROOF_WRONG, NULL, NULL, false,
      { { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", 0 }, { "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "535 no", 0 } } },
    { "CRAM-MD5 in upper case", "tim", "tanstaaftanstaaf", SASL_PROOF_RIGHT, "upper case", NULL, false,
      { { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", 0 }, { "dGltIEI5MTNBNjAyQzdFREE3QTQ5NUI0RTZFNzMzNEQzODkw", "535 no", 0 } } },
    { "CRAM-MD5 over base64", "tim", "tanstaaftanstaaf", SASL_PROOF_RIGHT, "challenge in base64", NULL, false,
      { { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", 0 }, { "dGltIDJkMmI5MzFmMDE0MjM4MjY1MTk3NzQzYmYyZmQwMmY5", "535 no", 0 } } },
    { "CRAM-MD5 of a hash", "tim", "tanstaaftanstaaf", SASL_PROOF_RIGHT, "MD5 of the password", NULL, false,
      { { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", 0 }, { "dGltIDE0OWE0ODQ5OWMyYjc4MmY1MmUzYWM1ZGJmZWU4YjIx", "535 no", 0 } } },
    { "CRAM-MD5 and a line feed", "tim", "tanstaaftanstaaf", SASL_PROOF_RIGHT, "line feed", NULL, false,
      { { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", 0 }, { "dGltIDUxZTA4NmFjYWNiNTVlMTc1ZjIwMDBjNzYxOGFjYmE5", "535 no", 0 } } },
    { "DIGEST-MD5 of RFC 2831", "chris", "secret", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ZDM4OGRhZDkwZDRiYmQ3NjBhMTUyMzIxZjIxNDNhZjcscW9wPWF1dGg=", "334 cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==", 0 }, { "", "235 ok", 0 } } },
    { "DIGEST-MD5 with another", "chris", "x", SASL_PROOF_WRONG, NULL, NULL, false,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ZDM4OGRhZDkwZDRiYmQ3NjBhMTUyMzIxZjIxNDNhZjcscW9wPWF1dGg=", "535 no", 0 } } },
    { "DIGEST-MD5, auth-int, for another", "chris", "secret", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ODkxYzc5NzM1YjJmOTQzZWY5NGRlZDA1ODEwMDYxYjMscW9wPWF1dGgtaW50LGF1dGh6aWQ9ImJvc3Mi", "535 no", 0 } } },
    { "DIGEST-MD5 of an impostor", "chris", "secret", SASL_PROOF_RIGHT, NULL, "rspauth", false,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ZDM4OGRhZDkwZDRiYmQ3NjBhMTUyMzIxZjIxNDNhZjcscW9wPWF1dGg=", "334 cnNwYXV0aD00YTRjNjJkMzdkZGQ3ZmY4NmEwZjhmMGZlZmE3NTUwNQ==", 0 }, { "", "235 ok", 0 } } },
    { "DIGEST-MD5 with a realm that was not hashed", "chris", "secret", SASL_PROOF_RIGHT, "empty realm", NULL, false,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9Njk1ZGNjODE1MDE5OTIzYjlkNDM4ZmQyOGM2NDFhYTkscW9wPWF1dGg=", "535 no", 0 } } },
    { "DIGEST-MD5 with another realm", "chris", "secret", SASL_PROOF_RIGHT, "realm of the challenge", NULL, false,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJleGFtcGxlLm9yZyIsbm9uY2U9Ik9BNk1HOXRFUUdtMmhoIixuYz0wMDAwMDAwMSxjbm9uY2U9Ik9BNk1IWGg2VnFUclJrIixkaWdlc3QtdXJpPSJpbWFwL2Vsd29vZC5pbm5vc29mdC5jb20iLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRo", "535 no", 0 } } },
    { "DIGEST-MD5, the domain for the realm", "chris", "secret", SASL_PROOF_RIGHT, "domain of the name", NULL, true,
      { { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXNAZXhhbXBsZS5vcmciLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9NzliOGRjOWU5NjZiMDU4YTFlMWMyOTFkYWY4NzI5MzgscW9wPWF1dGg=", "535 no", 0 } } },
    { "SCRAM-SHA-1 of RFC 5802", "user", "pencil", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM-SHA-1 with another", "user", "pen", SASL_PROOF_WRONG, NULL, NULL, false,
      { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM-SHA-256 of RFC 7677", "user", "pencil", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=", "334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=", 0 }, { "Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==", "334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM-SHA-512", "user", "pencil", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH SCRAM-SHA-512 biwsbj11c2VyLHI9YWJj", "334 cj1hYmNkZWYscz1jMkZzZEhOaGJIUT0saT0xMjg=", 0 }, { "Yz1iaXdzLHI9YWJjZGVmLHA9U0tEdWVLYVlNc0lSMlNTSTdsTE0wS0NXcTlDSndUNFJ5eWNkZlVDKzhHd1hZdE4vMkptOEhYdTN2U2VlN2ZTTE1tSkcxMi90YzF1ZzFVdHY4OExIZXc9PQ==", "334 dj1lVnV0eUxSbXdnaUUzUCtPNVpDZ1pEQml2dHJUS3E4bGhHcWZCNnl3WVJubDY5VUFGRmlMbEUvZS9yazFqaUtjdHlSMyt1QWpVcGpwNEFFbDF1R2c2QT09", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM of an impostor", "user", "pencil", SASL_PROOF_RIGHT, NULL, "v=", false,
      { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9YWJj", "334 cj1hYmNkZWYscz1jMkZzZEhOaGJIUT0saT0xMjg=", 0 }, { "Yz1iaXdzLHI9YWJjZGVmLHA9UFlmRk1id2wrY1dqSGkrbHpiS1ExMExkY00wPQ==", "334 dj1temlDZDFpbjNDWkUvUFQ2YUt5a0EwS0tHRkE9", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM of a hash", "user", "pencil", SASL_PROOF_RIGHT, "MD5 of the password", NULL, false,
      { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9YWJj", "334 cj1hYmNkZWYscz1jMkZzZEhOaGJIUT0saT0xMjg=", 0 }, { "Yz1iaXdzLHI9YWJjZGVmLHA9V1FlV2xwSk82eGxlWSt1T3R6bGdrL3p2RUZFPQ==", "334 dj0yWGIxeGpZR3BzRlZjWUtkcTVYaWxPVW42M1k9", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM and a line feed", "user", "pencil", SASL_PROOF_RIGHT, "line feed", NULL, false,
      { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9YWJj", "334 cj1hYmNkZWYscz1jMkZzZEhOaGJIUT0saT0xMjg=", 0 }, { "Yz1iaXdzLHI9YWJjZGVmLHA9eGZKNlZHRXp6MEwxdzk1YTU2RldGV1ZHUEpjPQ==", "334 dj1yNEJGRmNFc2FibDU2V0FNdmN2NFFVWk5WNE09", 0 }, { "", "235 ok", 0 } } },
    { "SCRAM with iterations without end", "user", "pencil", SASL_PROOF_UNSUPPORTED, NULL, NULL, false,
      { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9YWJj", "334 cj1hYmNkZWYscz1jMkZzZEhOaGJIUT0saT05OTk5OTk5OTk=", 0 }, { "Yz1iaXdzLHI9YWJjZGVmLHA9UFlmRk1id2wrY1dqSGkrbHpiS1ExMExkY00wPQ==", "334 dj1LclNrZ1VwRzlwNGFoMWFVaGRMWCtjVStlV3M9", 0 }, { "", "235 ok", 0 } } },
    { "NTLMv2 of MS-NLMP", "User", "Password", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAwADACsAAAACAAIALgAAAAQABAAwAAAAAAAAADQAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqmjNCrhR5RyWqrySe+vvahwBAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "NTLMv2 with another", "User", "password", SASL_PROOF_WRONG, NULL, NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAwADACsAAAACAAIALgAAAAQABAAwAAAAAAAAADQAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqmjNCrhR5RyWqrySe+vvahwBAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "NTLMv2 with a domain that was not hashed", "User", "Password", SASL_PROOF_RIGHT, "empty domain", NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAwADACsAAAACAAIALgAAAAQABAAwAAAAAAAAADQAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqjkx7zCd0u6rBKYgDCQtF1kBAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "NTLMv2 with the target for the domain", "User", "Password", SASL_PROOF_RIGHT, "target name", NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAADAAMADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAA8AAAAUwBlAHIAdgBlAHIA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAwADACsAAAACAAIALgAAAAQABAAwAAAAAAAAADQAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqt9a3vdNr+exZ/MBx4ICsZ8BAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "NTLMv1 of MS-NLMP", "User", "Password", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAwADABwAAAACAAIAHwAAAAQABAAhAAAAAAAAACUAAAAAYIAAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fEMBHzApiirTXs5k8WMxxEvb7ZJ4QflEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "NTLMv1 with another", "User", "password", SASL_PROOF_WRONG, NULL, NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAwADABwAAAACAAIAHwAAAAQABAAhAAAAAAAAACUAAAAAYIAAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fEMBHzApiirTXs5k8WMxxEvb7ZJ4QflEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "NTLMv1 with session security, of MS-NLMP", "User", "Password", SASL_PROOF_RIGHT, NULL, NULL, false,
      { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAwADABwAAAACAAIAHwAAAAQABAAhAAAAAAAAACUAAAAAYIAAKqqqqqqqqqqAAAAAAAAAAAAAAAAAAAAAHU3+AOuNnEoykWCBL3nyvgel+0mgyZyMkQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } } },
    { "a mechanism that proves no password", "tim", "secret", SASL_PROOF_UNSUPPORTED, NULL, NULL, false,
      { { "AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgYWJjAQE=", "535 no", 0 } } },
};
/* clang-format on */

static size_t count_steps(const struct step *steps)
{
    size_t count = 0;

    while (count < STEPS && steps[count].send)
        count++;
    return count;
}

static bool says(const char *text, const char *word)
{
    return !word ? !text : text && strstr(text, word);
}

static struct sasl_verifier *verifier_with(const char *identity, const char *password)
{
    struct sasl_verifier *verifier = sasl_verifier_new();
    struct err err;

    assert_non_null(verifier);
    assert_true(sasl_verifier_add(verifier, bytes_of(identity), bytes_of(password), &err));
    return verifier;
}

static void every_row_is_judged_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = exchange_session(rows[i].steps, count_steps(rows[i].steps));
        struct sasl_verifier *verifier = verifier_with(rows[i].identity, rows[i].password);
        struct sasl_verification result = sasl_verify(verifier, &session->exchanges[0]);
        struct sasl_candidate_facts facts;
        print_message("%s\n", rows[i].name);
        assert_int_equal(result.proof, rows[i].proof);
        assert_true(says(result.slip, rows[i].slip));
        assert_true(says(result.server, rows[i].server));
        assert_int_equal(result.is_other_form, rows[i].is_other_form);
        assert_true(sasl_verifier_facts(verifier, 0, &facts));
        assert_int_equal(facts.checked,
                         rows[i].proof == SASL_PROOF_RIGHT || rows[i].proof == SASL_PROOF_WRONG);
        assert_int_equal(facts.unsupported, rows[i].proof == SASL_PROOF_UNSUPPORTED);
        assert_false(sasl_verifier_facts(verifier, 1, &facts));
        sasl_verifier_free(verifier);
        session_free(session);
    }
}

/* As a recording without secrets gives it back. */
static void withhold(struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < exchange->step_count; i++) {
        struct sasl_step *step = &exchange->steps[i];
        if (!step->is_secret)
            continue;
        step->is_redacted = true;
        step->text = step->decoded = (struct bytes){ NULL, 0 };
        for (uint32_t k = 0; k < step->field_count; k++) {
            step->fields[k].is_redacted = step->fields[k].is_secret;
            if (step->fields[k].is_secret)
                step->fields[k].value = (struct bytes){ NULL, 0 };
        }
    }
}

static void what_is_withheld_is_not_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].proof != SASL_PROOF_RIGHT && rows[i].proof != SASL_PROOF_WRONG)
            continue;
        struct session *session = exchange_session(rows[i].steps, count_steps(rows[i].steps));
        struct sasl_verifier *verifier = verifier_with(rows[i].identity, rows[i].password);
        withhold(&session->exchanges[0]);
        print_message("%s\n", rows[i].name);
        assert_int_equal(sasl_verify(verifier, &session->exchanges[0]).proof, SASL_PROOF_WITHHELD);
        sasl_verifier_free(verifier);
        session_free(session);
    }
}

static void one_password_an_identity(void **state)
{
    struct sasl_verifier *verifier = verifier_with("tim", "one");
    static const uint8_t long_one[2000];
    struct err err;

    (void)state;
    assert_false(sasl_verifier_add(verifier, BYTES("Tim"), BYTES("two"), &err));
    assert_true(sasl_verifier_add(verifier, BYTES("tom"), BYTES("two"), &err));
    assert_false(sasl_verifier_add(verifier, BYTES(""), BYTES("x"), &err));
    assert_false(sasl_verifier_add(verifier, BYTES("ann"), BYTES(""), &err));
    assert_false(
        sasl_verifier_add(verifier, BYTES("ann"), (struct bytes){ long_one, sizeof long_one }, &err));
    sasl_verifier_free(verifier);
    sasl_verifier_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_judged_right),
        cmocka_unit_test(what_is_withheld_is_not_judged),
        cmocka_unit_test(one_password_an_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
