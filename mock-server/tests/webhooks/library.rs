//! The same by the library, in the process itself and from elsewhere.

use contract::chatwork::webhook::EventKind;
use mock_server::control::{DeliveryMode, DeliveryModeRule};
use mock_server::{Mock, ReplayEdit};
use serde_json::json;

use crate::receiver::Receiver;
use crate::support::frozen;

#[test]
fn every_method_works_here_and_from_elsewhere() {
    let server = frozen();
    for mock in [(*server).clone(), Mock::connect(server.control_url(), None).unwrap()] {
        server.reset().unwrap();
        let receiver = Receiver::friendly();
        let webhook = mock.add_room_webhook(&receiver.url(), 5001, &[EventKind::MessageCreated]).unwrap();
        assert!(!format!("{webhook:?}").contains(&webhook.token));
        let mention = mock.add_mention_webhook(&receiver.url()).unwrap();
        mock.add_delivery_mode(&DeliveryModeRule::once(DeliveryMode::Duplicate { copies: 1 })).unwrap();
        mock.member_writes(5001, 1003, "[To:1001] สวัสดีค่ะ").unwrap();
        assert!(mock.settle().unwrap().settled);
        assert_eq!(receiver.requests().len(), 3);
        let deliveries = mock.deliveries().unwrap();
        assert_eq!(mock.delivery(2).unwrap(), deliveries[1]);
        assert_eq!((deliveries[1].copy_of, deliveries[2].setting.as_str()), (Some(1), mention.id.as_str()));
        let replayed = mock.replay(1, &ReplayEdit { body: Some("{}".to_owned()), sign: true, ..ReplayEdit::default() });
        assert_eq!(replayed.unwrap().verdict, "delivered");
        mock.clear_delivery_modes().unwrap();
        mock.remove_webhook(&mention.id).unwrap();
        mock.enable_webhook(&webhook.id).unwrap();
        assert_eq!(mock.webhooks().unwrap().len(), 1);
        mock.clear_deliveries().unwrap();
        assert!(mock.deliveries().unwrap().is_empty());

        let mut state = mock.state().unwrap();
        state["chatday"]["applications"][0]["registered"] = json!(true);
        mock.clone().set_state(&state).unwrap();
        mock.set_chatday_webhook(Some(&receiver.url())).unwrap();
        let written = mock.visitor_writes("70002", "text", &json!("こんにちは")).unwrap();
        assert_eq!(written.delivery.unwrap().verdict, "delivered");
        assert_eq!(mock.rotate_signature_token(None).unwrap().len(), 32);
        mock.set_chatday_webhook(None).unwrap();
        assert_eq!(mock.visitor_writes("70002", "text", &json!("x")).unwrap().delivery, None);
    }
}
