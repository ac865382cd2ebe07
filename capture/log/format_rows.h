#ifndef LOG_FORMAT_ROWS_H
#define LOG_FORMAT_ROWS_H

#include "log/format.h"

/* One row a file. */
extern const struct log_format log_format_swaks;
extern const struct log_format log_format_smtplib;
extern const struct log_format log_format_phpmailer;
extern const struct log_format log_format_perl;
extern const struct log_format log_format_ruby;
extern const struct log_format log_format_nodemailer;
extern const struct log_format log_format_smtp_server;
extern const struct log_format log_format_javamail;
extern const struct log_format log_format_mailkit;
extern const struct log_format log_format_dotnet;
extern const struct log_format log_format_msmtp;
extern const struct log_format log_format_postfix_mail;
extern const struct log_format log_format_postfix;
extern const struct log_format log_format_bounce;
extern const struct log_format log_format_exim;
extern const struct log_format log_format_exim_main;
extern const struct log_format log_format_haraka;
extern const struct log_format log_format_aiosmtpd;
extern const struct log_format log_format_opensmtpd;
extern const struct log_format log_format_qpsmtpd;
extern const struct log_format log_format_chasquid;
extern const struct log_format log_format_courier;
extern const struct log_format log_format_dovecot;
extern const struct log_format log_format_sendmail_traffic;
extern const struct log_format log_format_sendmail;
extern const struct log_format log_format_mutt;
extern const struct log_format log_format_s_nail;
extern const struct log_format log_format_socat;
extern const struct log_format log_format_ssmtp;
extern const struct log_format log_format_lettre;
extern const struct log_format log_format_sendemail;
extern const struct log_format log_format_exchange;
extern const struct log_format log_format_hmailserver;
extern const struct log_format log_format_smtp_cli;
extern const struct log_format log_format_curl;
extern const struct log_format log_format_terminal;
extern const struct log_format log_format_generic;

#endif
