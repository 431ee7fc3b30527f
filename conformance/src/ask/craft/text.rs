//! Texts as people write them.

/// (name, text): everyday messages whose bytes are not ASCII.
pub const EVERYDAY: [(&str, &str); 6] = [
    ("thai", "สวัสดีครับ ส่งใบเสนอราคาให้แล้วนะครับ น้ำใจ"),
    ("japanese", "お疲れ様です。明日の打ち合わせ、１４時でお願いします。㈱髙橋・﨑"),
    ("vietnamese-composed", "Chào anh, em đã gửi hợp đồng rồi ạ. Cảm ơn nhiều!"),
    (
        "vietnamese-combining",
        "Cha\u{300}o anh, em \u{111}a\u{303} gu\u{31b}\u{309}i ho\u{31b}\u{323}p \u{111}o\u{302}\u{300}ng ro\u{302}\u{300}i",
    ),
    ("emoji", "了解です👍🏽 家族👨‍👩‍👧‍👦 ธง🇹🇭 ❤️‍🔥"),
    ("mixed-lines", "1行目\nบรรทัดที่ 2\tTab \"quoted\" \\ / <b>&amp;</b>"),
];
