<?php
// A client of Chatday on PHP's streams: registers, then sends three messages. Its environment: the README.
declare(strict_types=1);

require __DIR__ . '/service.php';

final class Chatday extends Service
{
    public function __construct()
    {
        $token = (string) getenv('CHATDAY_TOKEN');
        parent::__construct("Authorization: Bearer $token", [$token]);
    }

    private function success(mixed $answer): mixed
    {
        if (($answer['status'] ?? null) !== 'SUCCESS') {
            throw new Failure('the answer does not say SUCCESS');
        }
        return $answer;
    }

    private function send(string $text): void
    {
        $data = flaw('json-encode-fails') ? iconv('UTF-8', 'TIS-620//IGNORE', $text) : $text;
        $message = ['message' => ['type' => 'text', 'data' => $data], 'chat_id' => (string) getenv('CHATDAY_CHAT_ID')];
        $body = (string) json_encode($message, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        $answer = $this->success($this->call('POST', (string) getenv('CHATDAY_SEND_URL'), 'application/json; charset=utf-8', $body));
        echo 'sent ' . $this->need($answer, 'message_id') . "\n";
    }

    protected function job(): void
    {
        $answer = $this->success($this->call('GET', (string) getenv('CHATDAY_REGISTER_URL')));
        $this->keepSecret($this->need($answer, 'Chatday-Signature-Token'));
        echo "registered\n";
        foreach ([$this->text(), '2: ขอบคุณครับ', '3: またね 👋'] as $text) {
            $this->send($text);
        }
    }
}

exit((new Chatday())->run());
