<?php
// A receiver for PHP's own server:
//   PHP_CLI_SERVER_WORKERS=4 php -d enable_post_data_reading=0 -S 127.0.0.1:PORT receiver.php
// The setting keeps PHP from reading a body as a form: php://input would be empty.
// It does not reply: a worker of this server answers one request after another, and has no time afterwards.
declare(strict_types=1);
ini_set('display_errors', '0');

const HEADERS = ['chatwork' => 'HTTP_X_CHATWORKWEBHOOKSIGNATURE', 'chatday' => 'HTTP_X_CHATDAY_SIGNATURE_TOKEN'];
const ANSWERS = ['chatwork' => ['ok' => true], 'chatday' => ['status' => 'SUCCESS']];

$service = (string) getenv('SERVICE');
$secret = (string) getenv('SECRET');
$flaw = (string) getenv('FLAW');

function answer(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body);
    exit;
}

function right(string $service, string $secret, string $body): string
{
    return $service === 'chatday' ? $secret : base64_encode(hash_hmac('sha256', $body, base64_decode($secret, true), true));
}

function fits(string $given, string $right, string $flaw): bool
{
    return match ($flaw) {
        'compares-as-much-as-given' => strncmp($given, $right, strlen($given)) === 0,
        // Without the second argument it leaves out what is not of the alphabet.
        'decodes-leniently' => hash_equals(base64_decode($right), base64_decode($given)),
        default => hash_equals($right, $given),
    };
}

if ($service === '' || $secret === '' || !isset(HEADERS[$service])) {
    answer(500, ['error' => 'SERVICE and SECRET have to be set']);
}
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/webhook') {
    answer(404, ['error' => 'there is only /webhook']);
}
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    header('Allow: POST');
    answer(405, ['error' => 'events are sent with POST']);
}
if (strtolower($_SERVER['HTTP_CONTENT_ENCODING'] ?? 'identity') !== 'identity') {
    answer(415, ['error' => 'send the body as it is']);
}
$body = (string) file_get_contents('php://input');
$given = $_SERVER[HEADERS[$service]] ?? null;
if ($flaw === 'decodes-query-twice') {
    // $_GET is decoded already: the second time a + becomes a blank.
    $given = urldecode((string) ($_GET['chatwork_webhook_signature'] ?? ''));
}
if (!is_string($given) || !fits($given, right($service, $secret, $body), $flaw)) {
    answer((int) (getenv('FORGERY_STATUS') ?: 401), ['error' => 'the signature does not fit']);
}
$text = preg_replace('/^\xef\xbb\xbf/', '', $body);
$event = json_decode($text, false, 512, JSON_BIGINT_AS_STRING);
// Half of a surrogate pair is an error of its own in PHP, and no reason to lose the event.
if (!is_object($event) && json_last_error() !== JSON_ERROR_UTF16) {
    answer(400, ['error' => 'the body is no JSON object']);
}
answer(200, ANSWERS[$service]);
