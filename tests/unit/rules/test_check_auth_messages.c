/* Messages that break the grammar of their mechanism, or do not fit each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
#define OFFER { "EHLO c.example", "250-mx\n250-PIPELINING\n250 AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL DIGEST-MD5 SCRAM-SHA-1", 0 }
#define TLS_ON BANNER, EHLO, TLS, OFFER

static const struct scenario scenarios[] = {
    { "SCRAM as it should be", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9", 0 }, { "", "235 2.7.0 ok", 0 } },
      "" },
    { "SCRAM with a wrong password", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "MAIL where the empty line was due", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9", 0 }, { "MAIL FROM:<a@b.example>", "501 no", 0 } },
      "4:auth-missing-empty-response 4:auth-interrupted" },
    { "the server begins another nonce", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1neWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9Z3lrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "535 5.7.8 no", 0 } },
      "4:auth-nonce-mismatch" },
    { "the server adds nothing", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "535 5.7.8 no", 0 } },
      "4:auth-nonce-mismatch" },
    { "the client repeats its own alone", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "535 5.7.8 no", 0 } },
      "4:auth-nonce-mismatch" },
    { "the last message without proof", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdq", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response" },
    { "c= with the header of another flag", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", 0 }, { "Yz1lU3dzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response" },
    { "DIGEST-MD5 as it should be", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9InNtdHAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "334 cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==", 0 }, { "", "235 2.7.0 ok", 0 } },
      "4:weak-mechanism" },
    { "DIGEST-MD5 with a wrong password", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9InNtdHAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "535 5.7.8 no", 0 } },
      "4:auth-failed 4:weak-mechanism" },
    { "QUIT where the empty line was due", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9InNtdHAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "334 cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==", 0 }, { "QUIT", "501 no", 0 } },
      "4:auth-missing-empty-response 4:auth-interrupted 4:weak-mechanism" },
    { "another nonce", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaHgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9InNtdHAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "535 5.7.8 no", 0 } },
      "4:auth-nonce-mismatch 4:weak-mechanism" },
    { "the service of another protocol", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response 4:weak-mechanism" },
    { "the same, and the server does not mind", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "334 cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==", 0 }, { "", "235 2.7.0 ok", 0 } },
      "4:weak-mechanism" },
    { "a realm that was not offered", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJleGFtcGxlLm9yZyIsbm9uY2U9Ik9BNk1HOXRFUUdtMmhoIixuYz0wMDAwMDAwMSxjbm9uY2U9Ik9BNk1IWGg2VnFUclJrIixyZXNwb25zZT1kMzg4ZGFkOTBkNGJiZDc2MGExNTIzMjFmMjE0M2FmNyxxb3A9YXV0aCxkaWdlc3QtdXJpPSJzbXRwL2Vsd29vZC5pbm5vc29mdC5jb20i", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response 4:weak-mechanism" },
    { "a realm where an empty one was offered", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09IiIsbm9uY2U9Ik9BNk1HOXRFUUdtMmhoIixxb3A9ImF1dGgiLGFsZ29yaXRobT1tZDUtc2VzcyxjaGFyc2V0PXV0Zi04", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJleGFtcGxlLm9yZyIsbm9uY2U9Ik9BNk1HOXRFUUdtMmhoIixuYz0wMDAwMDAwMSxjbm9uY2U9Ik9BNk1IWGg2VnFUclJrIixyZXNwb25zZT1kMzg4ZGFkOTBkNGJiZDc2MGExNTIzMjFmMjE0M2FmNyxxb3A9YXV0aCxkaWdlc3QtdXJpPSJzbXRwL2Vsd29vZC5pbm5vc29mdC5jb20i", "535 5.7.8 no", 0 } },
      "4:auth-failed 4:weak-mechanism" },
    { "a counter that goes on", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAyLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLGRpZ2VzdC11cmk9InNtdHAvZWx3b29kLmlubm9zb2Z0LmNvbSI=", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response 4:weak-mechanism" },
    { "no response in it", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPXgscW9wPWF1dGgsZGlnZXN0LXVyaT0ic210cC9lbHdvb2QuaW5ub3NvZnQuY29tIg==", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response 4:weak-mechanism" },
    { "a layer follows", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLWludCxkaWdlc3QtdXJpPSJzbXRwL2Vsd29vZC5pbm5vc29mdC5jb20i", "334 cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==", 0 }, { "", "235 2.7.0 ok", 0 } },
      "4:auth-security-layer 4:weak-mechanism" },
    { "a layer was asked for in vain", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH DIGEST-MD5", "334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoLGF1dGgtaW50IixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==", 0 }, { "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLHJlc3BvbnNlPWQzODhkYWQ5MGQ0YmJkNzYwYTE1MjMyMWYyMTQzYWY3LHFvcD1hdXRoLWludCxkaWdlc3QtdXJpPSJzbXRwL2Vsd29vZC5pbm5vc29mdC5jb20i", "535 5.7.8 no", 0 } },
      "4:auth-failed 4:weak-mechanism" },
};
/* clang-format on */

static void every_scenario_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    scenarios_hold_with_holes(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
