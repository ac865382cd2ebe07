/* The formats, in the order in which they are asked: what is sure of itself first, guesses last. */
#include "log/format_rows.h"

#include <stddef.h>

const struct log_format *const log_formats[] = {
    &log_format_swaks,
    &log_format_smtplib,
    &log_format_phpmailer,
    &log_format_perl,
    &log_format_ruby,
    &log_format_nodemailer,
    &log_format_smtp_server,
    &log_format_javamail,
    &log_format_mailkit,
    &log_format_dotnet,
    &log_format_msmtp,
    &log_format_postfix_mail,
    &log_format_postfix,
    &log_format_exim,
    &log_format_exim_main,
    &log_format_haraka,
    &log_format_aiosmtpd,
    &log_format_opensmtpd,
    &log_format_qpsmtpd,
    &log_format_chasquid,
    &log_format_courier,
    &log_format_dovecot,
    &log_format_mutt,
    &log_format_s_nail,
    &log_format_socat,
    &log_format_ssmtp,
    &log_format_sendmail_traffic,
    &log_format_sendmail,
    &log_format_curl,
    &log_format_terminal,
    &log_format_generic,
    NULL,
};
